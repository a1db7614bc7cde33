use cached_runtime::invalidates;

#[invalidates(tags(7))]
fn rename(id: u64) -> u64 {
    id
}

fn main() {}

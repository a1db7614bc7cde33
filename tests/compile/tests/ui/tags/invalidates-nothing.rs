use cached_runtime::invalidates;

#[invalidates(tags())]
fn rename(id: u64) -> u64 {
    id
}

fn main() {}

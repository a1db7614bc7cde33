use cached_runtime::invalidates;

#[invalidates(tags = "users")]
fn rename(id: u64) -> u64 {
    id
}

fn main() {}

use cached_runtime::cached;

#[cached(tags = "users")]
fn load(id: u64) -> u64 {
    id
}

fn main() {}

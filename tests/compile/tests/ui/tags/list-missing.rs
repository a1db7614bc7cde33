use cached_runtime::cached;

#[cached(tags)]
fn load(id: u64) -> u64 {
    id
}

fn main() {}

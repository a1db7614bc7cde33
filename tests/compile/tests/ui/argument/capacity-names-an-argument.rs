use cached_runtime::cached;

#[cached(capacity = size)]
fn load(size: u64) -> u64 {
    size
}

fn main() {}

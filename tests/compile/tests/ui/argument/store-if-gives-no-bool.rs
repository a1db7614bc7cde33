use cached_runtime::cached;

#[cached(store_if = |value| value + 1)]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {
    double(1);
}

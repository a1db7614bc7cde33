use cached_runtime::cached;

#[cached(store_if = |value| value.is_active())]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {
    double(1);
}

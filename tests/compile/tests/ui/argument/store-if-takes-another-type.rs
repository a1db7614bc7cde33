use cached_runtime::cached;

#[cached(store_if = |value: &String| value.is_empty())]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {
    double(1);
}

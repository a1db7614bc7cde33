use cached_runtime::cached;

#[cached(unless = 3)]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {
    double(1);
}

use cached_runtime::cached;

#[cached(stale = "1min")]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {
    double(1);
}

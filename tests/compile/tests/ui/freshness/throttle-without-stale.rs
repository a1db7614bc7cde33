use cached_runtime::cached;

#[cached(throttle = "10s")]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {
    double(1);
}

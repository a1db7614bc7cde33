use cached_runtime::cached;

#[cached(stale = 60, throttle = never)]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {
    double(1);
}

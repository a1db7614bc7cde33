use cached_runtime::cached;

#[cached(stale = 0, refresh_ahead = 80, jitter = 2.0, max_background = 0, throttle = never)]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {
    double(1);
}

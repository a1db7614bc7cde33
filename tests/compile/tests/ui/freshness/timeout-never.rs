use cached_runtime::cached;

#[cached(timeout = never, refresh_ahead = 0.5, jitter = 0.1)]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {
    double(1);
}

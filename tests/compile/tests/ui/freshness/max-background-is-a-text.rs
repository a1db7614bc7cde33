use cached_runtime::cached;

#[cached(stale = 60, max_background = "64")]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {
    double(1);
}

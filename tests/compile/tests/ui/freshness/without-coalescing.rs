use cached_runtime::cached;

#[cached(coalesce = false, stale = 60)]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {
    double(1);
}

use cached_runtime::cached;

#[cached(early = 0.0)]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {
    double(1);
}

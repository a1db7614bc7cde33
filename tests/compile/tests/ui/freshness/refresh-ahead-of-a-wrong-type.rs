use cached_runtime::cached;

const PART: u64 = 1;

#[cached(refresh_ahead = PART)]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {
    double(1);
}

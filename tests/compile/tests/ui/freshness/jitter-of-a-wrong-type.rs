use cached_runtime::cached;

const WIDTH: u64 = 30;

#[cached(jitter = WIDTH)]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {
    double(1);
}

use cached_runtime::cached;

#[cached(lead_timeout = "0ms")]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {
    double(1);
}

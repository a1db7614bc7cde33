use cached_runtime::cached;

#[cached(refresh_ahead = "80%")]
fn double(n: u64) -> u64 {
    n * 2
}

fn main() {
    double(1);
}

use cached_runtime::cached;

#[cached]
fn half(n: u64, of: f64) -> f64 {
    n as f64 * of
}

fn main() {
    half(1, 2.0);
}

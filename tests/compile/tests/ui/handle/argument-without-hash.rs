use cached_runtime::cached;

#[cached(handle)]
fn half(n: f64) -> f64 {
    n / 2.0
}

fn main() {
    half(1.0);
    half::entry(1.0).invalidate();
}

use cached_runtime::cached;

#[cached]
fn sum(one: f64, two: f32) -> f64 {
    one + f64::from(two)
}

fn main() {
    sum(1.0, 2.0);
}

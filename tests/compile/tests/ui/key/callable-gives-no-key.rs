use cached_runtime::cached;

#[cached(key = |price| *price)]
fn total(price: f64) -> f64 {
    price
}

fn main() {
    total(1.0);
}

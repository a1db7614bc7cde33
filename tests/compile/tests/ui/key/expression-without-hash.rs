use cached_runtime::cached;

struct Item {
    price: f64,
}

#[cached(key = item.price * 2.0)]
fn total(item: &Item) -> f64 {
    item.price
}

fn main() {
    total(&Item { price: 2.0 });
}

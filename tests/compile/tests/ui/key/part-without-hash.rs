use cached_runtime::cached;

struct Item {
    id: u64,
    price: f64,
}

#[cached(key = (item.id, item.price))]
fn total(item: &Item) -> f64 {
    item.id as f64 * item.price
}

fn main() {
    total(&Item { id: 1, price: 2.0 });
}

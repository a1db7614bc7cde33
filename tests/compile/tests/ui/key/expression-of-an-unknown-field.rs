use cached_runtime::cached;

struct Item {
    id: u64,
}

#[cached(key = (item.number, 1))]
fn total(item: &Item) -> u64 {
    item.id
}

fn main() {
    total(&Item { id: 1 });
}

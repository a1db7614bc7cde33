use std::cell::Cell;

use cached_runtime::cached;

#[derive(Clone)]
struct Counter(Cell<u64>);

#[cached]
fn load(id: u64) -> Counter {
    Counter(Cell::new(id))
}

fn main() {
    load(1).0.get();
}

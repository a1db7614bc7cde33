use std::rc::Rc;

use cached_runtime::cached;

#[cached]
fn load(id: u64) -> Rc<u64> {
    Rc::new(id)
}

fn main() {
    load(1);
}

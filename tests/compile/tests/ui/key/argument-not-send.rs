use std::rc::Rc;

use cached_runtime::cached;

#[cached]
fn length(text: Rc<str>) -> usize {
    text.len()
}

fn main() {
    length("".into());
}

use std::hash::Hash;

use cached_runtime::cached;

#[cached]
fn show<T: Hash + Eq + Clone + Send + Sync + ToString>(value: T) -> String {
    value.to_string()
}

fn main() {
    show("");
}

use std::pin::Pin;

use cached_runtime::cached;

#[cached]
fn load(id: u64) -> Pin<Box<dyn Future<Output = u64> + Send>> {
    Box::pin(async move { id })
}

fn main() {
    drop(load(1));
}

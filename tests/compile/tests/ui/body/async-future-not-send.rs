use std::rc::Rc;

use cached_runtime::cached;

#[cached]
async fn load(id: u64) -> u64 {
    let shared = Rc::new(id);
    std::future::ready(()).await;
    *shared
}

fn requires_send(_: impl Send) {}

fn main() {
    requires_send(load(1));
}

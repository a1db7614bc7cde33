use cached_runtime::{cached, invalidates};

#[cached(handle)]
fn load(id: u64) -> u64 {
    id
}

#[invalidates(load::cache())]
struct User {
    id: u64,
}

fn main() {
    load(1);
    let _ = User { id: 1 }.id;
}

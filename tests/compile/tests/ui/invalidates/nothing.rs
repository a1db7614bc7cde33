use cached_runtime::{cached, invalidates};

#[cached(handle)]
fn load(id: u64) -> u64 {
    id
}

#[invalidates]
fn rename(id: u64) {
    load(id);
}

fn main() {
    rename(1);
}

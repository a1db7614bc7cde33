use cached_runtime::{cached, invalidates};

#[cached(handle)]
fn load(id: u64) -> u64 {
    id
}

#[invalidates(load)]
fn rename(id: u64) -> u64 {
    id
}

fn main() {
    load(1);
    rename(1);
}

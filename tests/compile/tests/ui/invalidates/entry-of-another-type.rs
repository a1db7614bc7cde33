use cached_runtime::{cached, invalidates};

#[cached(handle)]
fn load(id: u64) -> u64 {
    id
}

#[invalidates(load::entry(name))]
fn rename(name: &str) -> usize {
    name.len()
}

fn main() {
    load(1);
    rename("");
}

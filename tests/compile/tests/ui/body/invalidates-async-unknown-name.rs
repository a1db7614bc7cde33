use cached_runtime::{cached, invalidates};

#[cached(handle)]
fn load(id: u64) -> u64 {
    id
}

#[invalidates(load::entry(id))]
async fn rename(id: u64) -> u64 {
    id + offset
}

fn main() {
    load(1);
    drop(rename(1));
}

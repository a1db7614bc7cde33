use cached_runtime::cached;

#[cached(handle(impl))]
fn load(id: u64) -> u64 {
    id
}

fn main() {
    load(1);
}

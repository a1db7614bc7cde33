use cached_runtime::cached;

#[cached(handle)]
fn load(id: u64) -> impl Clone + ToString {
    id
}

fn main() {
    load::entry(1).peek();
}

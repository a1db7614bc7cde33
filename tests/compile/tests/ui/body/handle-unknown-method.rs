use cached_runtime::cached;

#[cached(handle)]
async fn load(id: u64) -> u64 {
    id.double()
}

fn main() {
    drop(load(1));
}

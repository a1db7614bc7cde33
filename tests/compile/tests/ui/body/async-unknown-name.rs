use cached_runtime::cached;

#[cached]
async fn load(id: u64) -> u64 {
    id + offset
}

fn main() {
    drop(load(1));
}

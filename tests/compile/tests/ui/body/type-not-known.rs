use cached_runtime::cached;

#[cached]
async fn load(id: u64) -> u64 {
    let list = Vec::new();
    id
}

fn main() {
    drop(load(1));
}

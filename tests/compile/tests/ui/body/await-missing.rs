use cached_runtime::cached;

#[cached]
async fn load(id: u64) -> u64 {
    let more = async { 1 };
    id + more
}

fn main() {
    drop(load(1));
}

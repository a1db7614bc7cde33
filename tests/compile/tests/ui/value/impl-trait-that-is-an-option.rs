use cached_runtime::cached;

#[cached]
async fn load(id: u64) -> impl Clone + std::fmt::Debug {
    Some(id)
}

fn main() {
    drop(load(1));
}

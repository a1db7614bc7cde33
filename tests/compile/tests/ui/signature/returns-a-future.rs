use cached_runtime::cached;

#[cached]
fn load(id: u64) -> impl Future<Output = u64> {
    async move { id }
}

fn main() {
    drop(load(1));
}

use cached_runtime::cached;

#[cached]
fn load(id: u64) -> u64 {
    async { id }.await
}

fn main() {
    load(1);
}

use cached_runtime::cached;

#[cached(handle)]
fn load(id: impl Into<u64> + Copy + std::hash::Hash + Eq + Send + Sync + 'static) -> u64 {
    id.into()
}

fn main() {
    load(1_u8);
}

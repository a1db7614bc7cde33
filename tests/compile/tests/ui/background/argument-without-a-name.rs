use cached_runtime::cached;

#[cached(stale = 60)]
fn load(id: u64, _: u64) -> u64 {
    id
}

fn main() {
    load(1, 1);
}

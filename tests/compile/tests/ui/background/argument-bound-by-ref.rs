use cached_runtime::cached;

#[cached(stale = 60)]
fn load(ref id: u64) -> u64 {
    *id
}

fn main() {
    load(1);
}

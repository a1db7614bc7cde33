use cached_runtime::cached;

#[cached(stale = 60)]
fn load((id, page): (u64, u64)) -> u64 {
    id + page
}

fn main() {
    load((1, 1));
}

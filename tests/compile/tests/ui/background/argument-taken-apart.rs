use cached_runtime::cached;

struct Pair {
    id: u64,
    page: u64,
}

#[cached(stale = 60, key = "{id}")]
fn load(Pair { id, .. }: Pair) -> u64 {
    id
}

fn main() {
    load(Pair { id: 1, page: 1 }).min(Pair { id: 1, page: 1 }.page);
}

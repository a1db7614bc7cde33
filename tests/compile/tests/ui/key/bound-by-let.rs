use cached_runtime::cached;

#[cached(key = (page, { let id = 1; id }))]
fn load(page: u64, id: u64) -> u64 {
    page + id
}

fn main() {}

use cached_runtime::cached;

#[cached(key = format!("{page}:{id}", id = 1))]
fn load(page: u64, id: u64) -> u64 {
    page + id
}

fn main() {}

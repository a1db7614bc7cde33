use cached_runtime::cached;

struct Page(u32);

#[cached(key = "user:{id}:{page}")]
fn load(id: u64, page: &Page) -> u64 {
    id + u64::from(page.0)
}

fn main() {
    load(1, &Page(1));
}

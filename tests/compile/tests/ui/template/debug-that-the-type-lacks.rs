use cached_runtime::cached;

struct Page(u32);

#[cached(key = "{page:?}")]
fn load(page: &Page) -> u32 {
    page.0
}

fn main() {
    load(&Page(1));
}

use cached_runtime::cached;

struct Page(u32);

#[cached(key = "page:{page}")]
fn load(page: Option<Page>) -> u32 {
    page.map_or(0, |page| page.0)
}

fn main() {
    load(None);
}

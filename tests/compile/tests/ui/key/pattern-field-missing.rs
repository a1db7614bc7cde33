use cached_runtime::cached;

struct Page {
    number: u32,
    size: u32,
}

#[cached(key = "page:{number}")]
fn page(Page { number, size }: Page) -> u32 {
    number * size
}

fn main() {
    page(Page { number: 1, size: 2 });
}

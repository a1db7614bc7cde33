use cached_runtime::cached;

#[derive(PartialEq, Eq, Hash)]
struct Page {
    number: u32,
}

#[cached]
fn page(page: &Page) -> u32 {
    page.number
}

fn main() {
    page(&Page { number: 1 });
}

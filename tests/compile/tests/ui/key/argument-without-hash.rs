use cached_runtime::cached;

struct Page {
    number: u32,
}

struct Query<T>(T);

#[cached]
fn page(Query(page): Query<Page>, path: &str) -> String {
    format!("{path}?{}", page.number)
}

fn main() {
    page(Query(Page { number: 1 }), "/");
}

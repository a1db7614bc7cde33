use cached_runtime::cached;

struct Page {
    number: u32,
}

struct Query<T>(T);

#[cached]
fn page(query: Query<Page>) -> u32 {
    query.0.number
}

fn main() {
    page(Query(Page { number: 1 }));
}

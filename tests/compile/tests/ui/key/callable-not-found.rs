use cached_runtime::cached;

#[cached(key = page_key)]
fn page(path: &str, number: u32) -> String {
    format!("{path}?{number}")
}

fn main() {
    page("/", 1);
}

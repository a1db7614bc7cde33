use cached_runtime::cached;

fn page_key(path: &str, number: &u64) -> String {
    format!("{path}:{number}")
}

#[cached(key = page_key)]
fn page(path: &str, number: u32) -> String {
    format!("{path}?{number}")
}

fn main() {
    page("/", 1);
}

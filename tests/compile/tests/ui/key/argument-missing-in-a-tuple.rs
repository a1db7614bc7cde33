use cached_runtime::cached;

#[cached(key = (path, path.len()))]
fn page(path: &str, number: u32) -> String {
    format!("{path}?{number}")
}

fn main() {
    page("/", 1);
}

use cached_runtime::cached;

#[cached(key = |path, number, size| (path.len(), *number, *size))]
fn page(path: &str, number: u32) -> String {
    format!("{path}?{number}")
}

fn main() {
    page("/", 1);
}

use cached_runtime::cached;

#[cached(capacity = "64MiB")]
fn page(n: u64) -> String {
    n.to_string()
}

fn main() {
    page(1);
}

use cached_runtime::cached;

#[cached(coalesce = false, wait_timeout = 5)]
fn page(n: u64) -> String {
    n.to_string()
}

fn main() {
    page(1);
}

use cached_runtime::cached;

#[cached(weigh = |text| text.len())]
fn page(n: u64) -> String {
    n.to_string()
}

fn main() {
    page(1);
}

use cached_runtime::cached;

#[cached]
fn show(n: u64) -> Box<dyn std::fmt::Display + Send + Sync> {
    Box::new(n)
}

fn main() {
    show(1).to_string();
}

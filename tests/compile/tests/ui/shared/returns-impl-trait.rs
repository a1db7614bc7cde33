use cached_runtime::cached;

#[cached(shared)]
fn double(n: u64) -> impl std::fmt::Display + Clone {
    n * 2
}

fn main() {
    double(1);
}

use cached_runtime::cached;

#[cached(shared)]
fn double(n: u64) -> Result<impl std::fmt::Display + Clone, String> {
    Ok(n * 2)
}

fn main() {
    drop(double(1));
}

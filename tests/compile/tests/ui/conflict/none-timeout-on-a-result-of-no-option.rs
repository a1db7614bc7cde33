use cached_runtime::cached;

#[cached(none_timeout = 5)]
fn double(n: u64) -> Result<u64, String> {
    Ok(n * 2)
}

fn main() {
    let _ = double(1);
}

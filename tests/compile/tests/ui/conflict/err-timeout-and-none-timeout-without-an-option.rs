use cached_runtime::cached;

#[cached(err_timeout = 5, none_timeout = 5)]
fn double(n: u64) -> Result<u64, String> {
    Ok(n * 2)
}

fn main() {
    let _ = double(1);
}

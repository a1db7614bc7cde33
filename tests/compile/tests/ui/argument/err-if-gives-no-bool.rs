use cached_runtime::cached;

#[cached(err_timeout = 5, err_if = |error| error.len())]
fn load(id: u64) -> Result<u64, String> {
    Ok(id)
}

fn main() {
    let _ = load(1);
}

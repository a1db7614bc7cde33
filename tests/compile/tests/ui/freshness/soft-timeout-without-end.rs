use cached_runtime::cached;

#[cached(stale_if_error = 60, soft_timeout = never)]
fn load(id: u64) -> Result<u64, String> {
    Ok(id)
}

fn main() {
    let _ = load(1);
}

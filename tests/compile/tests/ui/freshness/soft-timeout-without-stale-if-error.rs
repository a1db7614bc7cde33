use cached_runtime::cached;

#[cached(stale = 60, soft_timeout = "100ms")]
fn load(id: u64) -> Result<u64, String> {
    Ok(id)
}

fn main() {
    let _ = load(1);
}

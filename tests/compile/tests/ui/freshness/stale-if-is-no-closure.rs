use cached_runtime::cached;

#[cached(stale_if_error = 60, stale_if = true)]
fn load(id: u64) -> Result<u64, String> {
    Ok(id)
}

fn main() {
    let _ = load(1);
}

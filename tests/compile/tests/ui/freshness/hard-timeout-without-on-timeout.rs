use cached_runtime::cached;

#[cached(hard_timeout = 2)]
async fn load(id: u64) -> Result<u64, String> {
    Ok(id)
}

fn main() {
    let _ = load(1);
}

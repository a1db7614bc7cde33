use cached_runtime::cached;

#[cached(on_timeout = String::new())]
async fn load(id: u64) -> Result<u64, String> {
    Ok(id)
}

fn main() {
    let _ = load(1);
}

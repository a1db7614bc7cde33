use cached_runtime::cached;

#[cached]
async fn load(id: u64) -> Result<String, String> {
    Ok(id)
}

fn main() {
    drop(load(1));
}

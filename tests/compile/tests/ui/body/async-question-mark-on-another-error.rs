use cached_runtime::cached;

#[cached(handle)]
async fn load(id: &str) -> Result<u64, std::fmt::Error> {
    let id: u64 = id.parse()?;
    Ok(id)
}

fn main() {
    drop(load("1"));
}

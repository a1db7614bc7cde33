use cached_runtime::cached;

#[cached]
fn load(id: &str) -> u64 {
    let id: u64 = id.parse()?;
    id
}

fn main() {
    load("1");
}

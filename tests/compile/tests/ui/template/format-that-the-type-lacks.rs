use cached_runtime::cached;

#[cached(key = "user:{name:x}")]
fn load(name: &str) -> usize {
    name.len()
}

fn main() {
    load("");
}

use cached_runtime::cached;

#[cached(key = "user:{0}")]
fn load(id: u64) -> u64 {
    id
}

fn main() {
    load(1);
}

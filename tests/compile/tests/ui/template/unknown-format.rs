use cached_runtime::cached;

#[cached(key = "user:{id:04d}")]
fn load(id: u64) -> u64 {
    id
}

fn main() {
    load(1);
}

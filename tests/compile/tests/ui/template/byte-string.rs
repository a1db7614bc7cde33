use cached_runtime::cached;

#[cached(key = b"user:{id}")]
fn load(id: u64) -> u64 {
    id
}

fn main() {
    load(1);
}

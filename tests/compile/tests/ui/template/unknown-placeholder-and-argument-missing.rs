use cached_runtime::cached;

#[cached(key = "user:{user_id}")]
fn load(id: u64) -> u64 {
    id
}

fn main() {
    load(1);
}

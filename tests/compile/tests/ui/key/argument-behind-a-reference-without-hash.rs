use cached_runtime::cached;

struct Pool;

#[cached]
fn load(pool: &Pool, id: u64) -> u64 {
    let _ = pool;
    id
}

fn main() {
    load(&Pool, 1);
}

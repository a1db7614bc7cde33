use cached_runtime::cached;

struct Pool;

#[cached]
fn load(pool: Option<&Pool>, id: u64) -> u64 {
    let _ = pool;
    id
}

fn main() {
    load(Some(&Pool), 1);
}

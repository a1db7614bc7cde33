use cached_runtime::cached;

const TENANT: u64 = 1;

#[cached(key = "{TENANT}:{id}")]
fn load(id: u64) -> u64 {
    id + TENANT
}

fn main() {
    load(1);
}

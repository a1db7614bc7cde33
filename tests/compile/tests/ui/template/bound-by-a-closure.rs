use cached_runtime::cached;

#[cached(key = "{list.iter().map(|id| id + 1).sum::<u64>()}")]
fn load(list: &[u64], id: u64) -> u64 {
    list[0] + id
}

fn main() {}

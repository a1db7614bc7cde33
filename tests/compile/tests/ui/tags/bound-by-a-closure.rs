use cached_runtime::cached;

#[cached(tags("user:{Some(id).map(|id| id + 1).unwrap_or(0)}"))]
fn load(id: u64) -> u64 {
    id
}

fn main() {}

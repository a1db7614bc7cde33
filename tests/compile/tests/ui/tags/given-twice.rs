use cached_runtime::cached;

#[cached(tags("users"), tags("user:{id}"))]
fn load(id: u64) -> u64 {
    id
}

fn main() {}

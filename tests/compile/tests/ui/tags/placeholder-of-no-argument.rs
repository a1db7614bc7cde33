use cached_runtime::cached;

#[cached(tags("user:{1 + 1}"))]
fn load(id: u64) -> u64 {
    id
}

fn main() {}

use cached_runtime::cached;

#[cached(tags("user:{ident}"))]
fn load(id: u64) -> u64 {
    id
}

fn main() {}

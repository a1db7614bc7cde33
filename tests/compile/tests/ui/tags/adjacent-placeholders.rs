use cached_runtime::cached;

#[cached(tags("{id}{id}"))]
fn load(id: u64) -> u64 {
    id
}

fn main() {}

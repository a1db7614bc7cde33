use cached_runtime::cached;

#[cached(tags(|value| [value.name.clone()]))]
fn load(id: u64) -> u64 {
    id
}

fn main() {}

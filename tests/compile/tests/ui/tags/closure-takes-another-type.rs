use cached_runtime::cached;

#[cached(tags(|value: &String| [value.clone()]))]
fn load(id: u64) -> u64 {
    id
}

fn main() {}

use cached_runtime::cached;

#[cached(tags(|value, id| [format!("{value}{id}")]))]
fn load(id: u64) -> u64 {
    id
}

fn main() {}

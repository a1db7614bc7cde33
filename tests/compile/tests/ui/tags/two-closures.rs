use cached_runtime::cached;

#[cached(tags(|value| [value.to_string()], |_| ["users"]))]
fn load(id: u64) -> u64 {
    id
}

fn main() {}

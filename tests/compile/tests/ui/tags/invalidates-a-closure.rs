use cached_runtime::invalidates;

#[invalidates(tags(|id| [format!("user:{id}")]))]
fn rename(id: u64) -> u64 {
    id
}

fn main() {}

use cached_runtime::invalidates;

#[invalidates(tags("user:{ident}"))]
fn rename(id: u64) -> u64 {
    id
}

fn main() {}

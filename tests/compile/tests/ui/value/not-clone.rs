use cached_runtime::cached;

struct User {
    id: u64,
}

#[cached]
fn load(id: u64) -> User {
    User { id }
}

fn main() {
    load(1).id;
}

use cached_runtime::cached;

#[derive(Clone, PartialEq, Eq, Hash)]
struct User {
    id: u64,
}

#[cached(shared)]
fn load(id: u64) -> User {
    User { id }
}

fn main() {
    let _ = load(1).id;
}

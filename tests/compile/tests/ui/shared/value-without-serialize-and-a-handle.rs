use cached_runtime::cached;

#[derive(Clone, PartialEq, Eq, Hash)]
struct User {
    id: u64,
}

#[cached(shared, handle)]
fn load(id: u64) -> User {
    User { id }
}

fn main() {
    let _ = load(1).id;
    load::entry(1).invalidate().unwrap();
}

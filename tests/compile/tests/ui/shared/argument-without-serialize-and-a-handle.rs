use cached_runtime::cached;

#[derive(Clone, PartialEq, Eq, Hash)]
struct User {
    id: u64,
}

#[cached(shared, handle)]
fn id(user: &User) -> u64 {
    user.id
}

fn main() {
    id(&User { id: 1 });
    id::entry(&User { id: 1 }).invalidate().unwrap();
}

use cached_runtime::cached;

#[derive(Clone, PartialEq, Eq, Hash)]
struct User {
    id: u64,
}

#[cached(shared, err_timeout = 5)]
fn load(id: u64) -> Result<u64, User> {
    Err(User { id })
}

fn main() {
    let _ = load(1).map_err(|user| user.id);
}

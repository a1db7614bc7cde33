use cached_runtime::cached;

struct User {
    id: u64,
}

#[cached]
fn load(id: u64) -> Option<User> {
    Some(User { id })
}

fn main() {
    load(1).map(|user| user.id);
}

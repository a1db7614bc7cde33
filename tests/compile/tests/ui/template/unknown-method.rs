use cached_runtime::cached;

struct User {
    id: u64,
}

#[cached(key = "user:{user.number()}")]
fn load(user: &User) -> u64 {
    user.id
}

fn main() {
    load(&User { id: 1 });
}

use cached_runtime::cached;

struct User {
    id: u64,
}

#[cached(skip(user.id))]
fn double(user: &User) -> u64 {
    user.id * 2
}

fn main() {
    double(&User { id: 1 });
}

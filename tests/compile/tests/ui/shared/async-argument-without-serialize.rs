use cached_runtime::cached;

#[derive(Clone, PartialEq, Eq, Hash)]
struct User {
    id: u64,
}

#[cached(shared)]
async fn id(user: User) -> u64 {
    user.id
}

async fn caller() -> u64 {
    id(User { id: 1 }).await
}

fn main() {
    drop(caller());
}

use cached_runtime::cached;

struct User {
    id: u64,
}

#[cached]
async fn load(id: u64) -> User {
    User { id }
}

async fn caller() -> u64 {
    load(1).await.id
}

fn main() {
    drop(caller());
}

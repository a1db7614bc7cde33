use cached_runtime::cached;

struct User {
    id: u64,
}

#[cached]
async fn load(id: u64) -> Result<User, String> {
    Ok(User { id })
}

async fn caller() -> Option<u64> {
    load(1).await.ok().map(|user| user.id)
}

fn main() {
    drop(caller());
}

use cached_runtime::cached;

struct User {
    id: u64,
}

type Found<T> = Result<T, String>;

#[cached]
fn load(id: u64) -> Found<User> {
    Ok(User { id })
}

fn main() {
    let _ = load(1).map(|user| user.id);
}

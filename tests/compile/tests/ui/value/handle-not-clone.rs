use cached_runtime::cached;

struct User {
    id: u64,
}

#[cached(handle)]
fn load(id: u64) -> Result<User, String> {
    Ok(User { id })
}

fn main() {
    let _ = load(1).map(|user| user.id);
    load::entry(1).invalidate();
}

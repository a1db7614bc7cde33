use cached_runtime::cached;

struct User;

#[cached(handle = User)]
fn load(id: u64) -> u64 {
    id
}

fn main() {
    let _ = User;
    load(1);
}

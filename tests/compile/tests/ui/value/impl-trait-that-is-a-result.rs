use cached_runtime::cached;

#[cached]
fn load(id: u64) -> impl Clone + std::fmt::Debug {
    Ok::<u64, String>(id)
}

fn main() {
    let _ = load(1).clone();
}

use cached_runtime::cached;

#[cached]
fn load(id: u64, #[cfg(unix)] uid: u32) -> u64 {
    #[cfg(unix)]
    drop(uid);
    id
}

fn main() {
    load(1, 2);
}

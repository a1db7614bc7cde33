use cached_runtime::cached;

#[cached(stale = 60)]
unsafe fn load(id: u64) -> u64 {
    id
}

fn main() {
    unsafe { load(1) };
}

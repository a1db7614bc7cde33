use cached_runtime::cached;

use std::pin::Pin;

#[derive(Clone)]
struct Repo;

impl Repo {
    #[cached(stale = 60, skip(self))]
    fn load(self: Pin<&Self>, id: u64) -> u64 {
        id
    }
}

fn main() {
    let _ = Repo;
}

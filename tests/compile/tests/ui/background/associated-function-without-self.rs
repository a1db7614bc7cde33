use cached_runtime::cached;

struct Repo;

impl Repo {
    #[cached(stale = 60)]
    fn load(id: u64) -> u64 {
        id
    }
}

fn main() {
    Repo::load(1);
}

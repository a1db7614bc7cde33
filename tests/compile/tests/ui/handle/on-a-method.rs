use cached_runtime::cached;

struct Repo;

impl Repo {
    #[cached(handle, skip(self))]
    fn load(&self, id: u64) -> u64 {
        id
    }
}

fn main() {
    Repo.load(1);
}

use cached_runtime::cached;

struct Repo;

impl Repo {
    #[cached(refresh_ahead = 0.8, skip(self))]
    fn load(&mut self, id: u64) -> u64 {
        id
    }
}

fn main() {
    Repo.load(1);
}

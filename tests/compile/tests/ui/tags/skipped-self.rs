use cached_runtime::cached;

struct Repo {
    id: u64,
}

impl Repo {
    #[cached(skip(self), tags("repo:{self.id}"))]
    fn load(&self, id: u64) -> u64 {
        id + self.id
    }
}

fn main() {}

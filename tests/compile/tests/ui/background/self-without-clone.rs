use cached_runtime::cached;

struct Repo {
    base: u64,
}

impl Repo {
    #[cached(stale = 60, skip(self))]
    fn load(&self, id: u64) -> u64 {
        self.base + id
    }
}

fn main() {
    Repo { base: 1 }.load(1);
}

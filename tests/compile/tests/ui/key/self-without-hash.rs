use cached_runtime::cached;

struct Repo {
    base: u64,
}

impl Repo {
    #[cached]
    fn load(&self, id: u64) -> u64 {
        self.base + id
    }
}

fn main() {
    Repo { base: 1 }.load(1);
}

use cached_runtime::cached;

trait Load {
    #[cached]
    fn load(&self, id: u64) -> u64;
}

struct Repo;

impl Load for Repo {
    fn load(&self, id: u64) -> u64 {
        id
    }
}

fn main() {
    Repo.load(1);
}

use cached_runtime::cached;

struct Repo;

#[cached]
impl Repo {
    fn load(id: u64) -> u64 {
        id
    }
}

fn main() {
    Repo::load(1);
}

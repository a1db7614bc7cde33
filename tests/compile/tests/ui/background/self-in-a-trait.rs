use cached_runtime::cached;

trait Source {
    #[cached(stale = 60, skip(self))]
    fn load(&self, id: u64) -> u64 {
        id
    }
}

impl Source for u8 {}

fn main() {
    1_u8.load(1);
}

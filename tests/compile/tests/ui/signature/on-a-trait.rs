use cached_runtime::cached;

#[cached]
trait Load {
    fn load(&self) -> u64 {
        1
    }
}

impl Load for u8 {}

fn main() {
    1_u8.load();
}

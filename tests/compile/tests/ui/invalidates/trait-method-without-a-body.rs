use cached_runtime::{cached, invalidates};

#[cached(handle)]
fn load(id: u64) -> u64 {
    id
}

trait Rename {
    #[invalidates(load::entry(id))]
    fn rename(&self, id: u64);
}

impl Rename for u8 {
    fn rename(&self, id: u64) {
        load(id);
    }
}

fn main() {
    1_u8.rename(1);
}

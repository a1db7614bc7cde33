use cached_runtime::cached;

macro_rules! id {
    () => {
        1
    };
}

#[cached(key = (page, id!()))]
fn load(page: u64, id: u64) -> u64 {
    page + id
}

fn main() {}

use cached_runtime::cached;

#[cached(handle)]
fn load(id: u64) -> String {
    id
}

fn main() {
    load(1);
    load::entry(1).invalidate();
}

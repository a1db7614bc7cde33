use cached_runtime::cached;

#[cached]
fn load(id: u64) -> String {
    let name = id + 1;
    name
}

fn main() {
    load(1);
}

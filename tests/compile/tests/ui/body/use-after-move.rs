use cached_runtime::cached;

#[cached]
fn load(id: u64) -> String {
    let name = id.to_string();
    drop(name);
    name
}

fn main() {
    load(1);
}

use cached_runtime::cached;

#[cached]
fn load(id: u64) -> String {
    id.to_string();
}

fn main() {
    load(1);
}

use cached_runtime::cached;

#[cached]
fn load(id: u64) -> String {
    if id == 0 {
        return id;
    }
    id.to_string()
}

fn main() {
    load(1);
}

use cached_runtime::cached;

#[cached]
fn load(id: u64) -> usize {
    let text: &str;
    {
        let owned = id.to_string();
        text = &owned;
    }
    text.len()
}

fn main() {
    load(1);
}

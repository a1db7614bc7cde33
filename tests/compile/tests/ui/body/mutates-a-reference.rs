use cached_runtime::cached;

#[cached]
fn load(list: &[u64]) -> usize {
    list.sort();
    list.len()
}

fn main() {
    load(&[]);
}

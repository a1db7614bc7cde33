use cached_runtime::cached;

#[cached]
fn push(list: &mut Vec<u64>, n: u64) -> usize {
    list.push(n);
    list.len()
}

fn main() {
    push(&mut Vec::new(), 1);
}

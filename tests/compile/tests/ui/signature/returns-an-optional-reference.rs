use cached_runtime::cached;

#[cached]
fn first<'a>(list: &'a [u64]) -> Option<&'a u64> {
    list.first()
}

fn main() {
    first(&[]);
}

use cached_runtime::cached;

#[cached]
fn parse<T: From<u8> + Clone + Send + Sync + 'static>(n: u8) -> T {
    n.into()
}

fn main() {
    parse::<u64>(1);
}

use cached_runtime::cached;

#[cached]
fn fail(n: u64) -> ! {
    panic!("{n}")
}

fn main() {
    fail(1);
}

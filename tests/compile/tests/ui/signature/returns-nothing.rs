use cached_runtime::cached;

#[cached]
fn print(n: u64) {
    println!("{n}");
}

fn main() {
    print(1);
}

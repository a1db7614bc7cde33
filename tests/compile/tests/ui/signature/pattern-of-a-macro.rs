use cached_runtime::cached;

macro_rules! pair {
    ($one:ident, $two:ident) => {
        ($one, $two)
    };
}

#[cached]
fn load(pair!(one, two): (u64, u64)) -> u64 {
    one + two
}

fn main() {}

use cached_runtime::cached;

macro_rules! load {
    ($n:ident) => {
        #[cached(key = "{n}")]
        fn load($n: u64, n: u64) -> u64 {
            $n + n
        }
    };
}

load!(n);

fn main() {}

use cached_runtime::cached;

macro_rules! load {
    ($returned:ty) => {
        #[cached]
        fn load(n: u64) -> $returned {
            let _ = n;
        }
    };
}

load!(());

fn main() {}

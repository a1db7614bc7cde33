use cached_runtime::cached;

#[cached]
fn show(n: u64) -> impl std::fmt::Display {
    struct Shown(u64);
    impl std::fmt::Display for Shown {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "{}", self.0)
        }
    }
    Shown(n)
}

fn main() {
    show(1).to_string();
}

use cached_runtime::cached;

#[cached]
const ANSWER: u64 = 42;

fn main() {
    let _ = ANSWER;
}

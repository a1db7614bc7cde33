use cached_runtime::cached;

#[derive(Clone)]
struct Word<T>(T);

#[cached(skip(text))]
fn word<T: Clone + Send + Sync>(text: T) -> Word<T> {
    Word(text)
}

fn main() {
    word("").0.len();
}

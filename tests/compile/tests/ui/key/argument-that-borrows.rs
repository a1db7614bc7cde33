use cached_runtime::cached;

#[derive(Clone, PartialEq, Eq, Hash)]
struct Word<'a>(&'a str);

#[cached]
fn length(word: Word<'_>) -> usize {
    word.0.len()
}

fn main() {
    length(Word(""));
}

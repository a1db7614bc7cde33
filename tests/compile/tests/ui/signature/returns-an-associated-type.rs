use cached_runtime::cached;

trait Load {
    type Output: Clone + Send + Sync + 'static;
    fn load() -> Self::Output;
}

#[cached]
fn load<T: Load>() -> T::Output {
    T::load()
}

fn main() {}

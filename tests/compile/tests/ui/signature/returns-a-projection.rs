use cached_runtime::cached;

#[cached]
fn load<I>(list: I) -> <I as Iterator>::Item
where
    I: Iterator, {
    todo!()
}

fn main() {}

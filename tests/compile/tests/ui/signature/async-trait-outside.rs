use std::pin::Pin;

use cached_runtime::cached;

trait Load {
    fn load<'life0, 'async_trait>(
        &'life0 self,
        id: u64,
    ) -> Pin<Box<dyn Future<Output = u64> + Send + 'async_trait>>
    where
        'life0: 'async_trait,
        Self: 'async_trait;
}

struct Repo;

// What `#[async_trait]` makes of `async fn load(&self, id: u64) -> u64`.
impl Load for Repo {
    #[cached(skip(self))]
    fn load<'life0, 'async_trait>(
        &'life0 self,
        id: u64,
    ) -> Pin<Box<dyn Future<Output = u64> + Send + 'async_trait>>
    where
        'life0: 'async_trait,
        Self: 'async_trait,
    {
        Box::pin(async move { id })
    }
}

fn main() {
    drop(Repo.load(1));
}

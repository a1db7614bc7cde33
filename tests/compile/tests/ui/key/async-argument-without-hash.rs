use cached_runtime::cached;

#[cached]
async fn half(n: f64) -> f64 {
    n / 2.0
}

async fn caller() -> f64 {
    half(1.0).await
}

fn main() {
    drop(caller());
}

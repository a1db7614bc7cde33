use axum::http::StatusCode;
use cached_web::axum::cached_response;

#[cached_response]
async fn page() -> Result<String, StatusCode> {
    let number: u64 = "x".parse()?;
    Ok(format!("{number}"))
}

fn main() {}

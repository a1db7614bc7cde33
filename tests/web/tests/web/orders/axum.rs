//! Orders with `#[debug_handler]`.

use axum::extract::Path;
use axum::routing::get;
use axum::{Router, debug_handler};
use cached_runtime::cached;
use cached_web::axum::{RequestInfo, cached_response};

use crate::routes::at;
use crate::script::text;

pub fn routes(router: Router) -> Router {
    router
        .route(at!(value_above), get(value_above))
        .route(at!(value_below), get(value_below))
        .route(at!(response_above), get(response_above))
        .route(at!(taken_above), get(taken_above))
        .route(at!(taken_below), get(taken_below))
}

#[cached(key = "{page}")]
#[debug_handler]
async fn value_above(Path(page): Path<String>) -> String {
    text(&page).await
}

#[debug_handler]
#[cached(key = "{page}")]
async fn value_below(Path(page): Path<String>) -> String {
    text(&page).await
}

#[cached_response(timeout = 60)]
#[debug_handler]
async fn response_above(Path(page): Path<String>) -> String {
    text(&page).await
}

#[cached_response(timeout = 60)]
#[debug_handler]
async fn taken_above(_: RequestInfo, Path(page): Path<String>) -> String {
    text(&page).await
}

#[debug_handler]
#[cached_response(timeout = 60)]
async fn taken_below(_: RequestInfo, Path(page): Path<String>) -> String {
    text(&page).await
}

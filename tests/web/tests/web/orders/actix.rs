//! Orders with `#[get]` and `#[routes]`.

use actix_web::web::{Path, ServiceConfig};
use actix_web::{get, routes as several};
use cached_runtime::cached;
use cached_web::actix::{RequestInfo, cached_response};

use crate::script::text;

pub fn routes(site: &mut ServiceConfig) {
    site.service(value_above).service(value_below).service(response_above);
    site.service(response_below).service(taken_above).service(taken_below);
    site.service(several_above).service(several_below);
}

#[cached(key = page.to_string())]
#[get("/value_above/{page}")]
async fn value_above(page: Path<String>) -> String {
    text(&page).await
}

#[get("/value_below/{page}")]
#[cached(key = page.to_string())]
async fn value_below(page: Path<String>) -> String {
    text(&page).await
}

#[cached_response(timeout = 60)]
#[get("/response_above/{page}")]
async fn response_above(page: Path<String>) -> String {
    text(&page).await
}

#[get("/response_below/{page}")]
#[cached_response(timeout = 60)]
async fn response_below(page: Path<String>) -> String {
    text(&page).await
}

#[cached_response(timeout = 60)]
#[get("/taken_above/{page}")]
async fn taken_above(_: RequestInfo, page: Path<String>) -> String {
    text(&page).await
}

#[get("/taken_below/{page}")]
#[cached_response(timeout = 60)]
async fn taken_below(_: RequestInfo, page: Path<String>) -> String {
    text(&page).await
}

#[cached_response(timeout = 60)]
#[several]
#[get("/several_above/{page}")]
#[get("/also_several_above/{page}")]
async fn several_above(page: Path<String>) -> String {
    text(&page).await
}

#[several]
#[get("/several_below/{page}")]
#[get("/also_several_below/{page}")]
#[cached_response(timeout = 60)]
async fn several_below(page: Path<String>) -> String {
    text(&page).await
}

//! Orders with `#[get]`.

use cached_runtime::cached;
use cached_web::rocket::{RequestInfo, cached_response};
use rocket::{Route, get};

use crate::script::text;

pub fn routes() -> Vec<Route> {
    rocket::routes![value_above, value_below, response_above, taken_above, taken_below]
}

#[cached]
#[get("/value_above/<page>")]
async fn value_above(page: String) -> String {
    text(&page).await
}

#[get("/value_below/<page>")]
#[cached]
async fn value_below(page: String) -> String {
    text(&page).await
}

#[cached_response(timeout = 60)]
#[get("/response_above/<page>")]
async fn response_above(page: String) -> String {
    text(&page).await
}

#[cached_response(timeout = 60)]
#[get("/taken_above/<page>")]
async fn taken_above(request: RequestInfo<'_>, page: String) -> String {
    assert!(request.path().ends_with(&page));
    text(&page).await
}

#[get("/taken_below/<page>")]
#[cached_response(timeout = 60)]
async fn taken_below(request: RequestInfo<'_>, page: String) -> String {
    assert!(request.path().ends_with(&page));
    text(&page).await
}

//! Orders with `#[handler]`.

use cached_runtime::cached;
use cached_web::poem::{RequestInfo, cached_response};
use poem::web::Path;
use poem::{Route, handler};

use crate::script::text;

pub fn routes(route: Route) -> Route {
    route
        .at("/value_above/:page", value_above)
        .at("/value_below/:page", value_below)
        .at("/response_above/:page", response_above)
        .at("/taken_above/:page", taken_above)
        .at("/taken_below/:page", taken_below)
}

#[cached(key = "{page}")]
#[handler]
async fn value_above(Path(page): Path<String>) -> String {
    text(&page).await
}

#[handler]
#[cached(key = "{page}")]
async fn value_below(Path(page): Path<String>) -> String {
    text(&page).await
}

#[cached_response(timeout = 60)]
#[handler]
async fn response_above(Path(page): Path<String>) -> String {
    text(&page).await
}

#[cached_response(timeout = 60)]
#[handler]
async fn taken_above(_: RequestInfo, Path(page): Path<String>) -> String {
    text(&page).await
}

#[handler]
#[cached_response(timeout = 60)]
async fn taken_below(_: RequestInfo, Path(page): Path<String>) -> String {
    text(&page).await
}

//! Orders with `#[handler]`.

use cached_runtime::cached;
use cached_web::salvo::{RequestInfo, cached_response};
use salvo::extract::PathParam;
use salvo::{Router, Writer as _, handler};

use crate::routes::at;
use crate::script::text;

pub fn routes(router: Router) -> Router {
    let route = Router::with_path;
    router
        .push(route(at!(value_above)).goal(value_above))
        .push(route(at!(value_below)).goal(value_below))
        .push(route(at!(response_above)).goal(response_above))
        .push(route(at!(taken_above)).goal(taken_above))
        .push(route(at!(taken_below)).goal(taken_below))
}

#[cached(key = "{page}")]
#[handler]
async fn value_above(page: PathParam<String>) -> String {
    text(&page).await
}

#[handler]
#[cached(key = "{page}")]
async fn value_below(page: PathParam<String>) -> String {
    text(&page).await
}

#[cached_response(timeout = 60)]
#[handler]
async fn response_above(page: PathParam<String>) -> String {
    text(&page).await
}

#[cached_response(timeout = 60)]
#[handler]
async fn taken_above(request: RequestInfo, page: PathParam<String>) -> String {
    assert!(request.path().ends_with(&*page));
    text(&page).await
}

#[handler]
#[cached_response(timeout = 60)]
async fn taken_below(request: RequestInfo, page: PathParam<String>) -> String {
    assert!(request.path().ends_with(&*page));
    text(&page).await
}

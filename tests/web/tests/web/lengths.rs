//! A 304 tells no length: it would be taken for that of the page. Servers of HTTP/1 leave it out
//! whatever a response says; here is what the response says.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::get;
use cached_runtime::testing;
use cached_web::CacheLayer;
use cached_web::axum::cached_response;
use http::{Method, StatusCode, header};
use tower::ServiceExt as _;

use crate::block_on;

#[cached_response(timeout = 60)]
async fn attribute() -> &'static str {
    "page"
}

#[cached_response(timeout = 60)]
async fn empty() {}

async fn tagged() -> impl axum::response::IntoResponse {
    ([("etag", "\"a\""), ("cache-control", "max-age=60")], "page")
}

fn router() -> Router {
    Router::new()
        .route("/attribute", get(attribute))
        .route("/empty", get(empty))
        .route("/layer", get(tagged).layer(CacheLayer::new(60)))
        .route("/rfc9111", get(tagged).layer(CacheLayer::rfc9111()))
}

async fn asked(router: &Router, method: Method, target: &str, known: Option<&[u8]>) -> Response {
    let mut request = Request::builder().method(method).uri(target).header("host", "a");
    if let Some(tag) = known {
        request = request.header(header::IF_NONE_MATCH, tag);
    }
    router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap()
}

fn length(response: &Response) -> Option<&str> {
    response.headers().get(header::CONTENT_LENGTH).map(|length| length.to_str().unwrap())
}

#[test]
fn of_all_answers_a_304_alone_tells_no_length() {
    block_on(testing::isolated_async(async {
        let router = router();
        for (target, whole) in
            [("/attribute", "4"), ("/layer", "4"), ("/rfc9111", "4"), ("/empty", "0")]
        {
            let page = asked(&router, Method::GET, target, None).await;
            assert_eq!(length(&page), Some(whole), "{target}");
            let again = asked(&router, Method::GET, target, None).await;
            assert_eq!(length(&again), Some(whole), "{target}");
            let head = asked(&router, Method::HEAD, target, None).await;
            assert_eq!(length(&head), Some(whole), "{target}");
            let tag = page.headers()[header::ETAG].as_bytes();
            for method in [Method::GET, Method::HEAD] {
                let known = asked(&router, method, target, Some(tag)).await;
                assert_eq!((known.status(), length(&known)), (StatusCode::NOT_MODIFIED, None));
            }
        }
    }));
}

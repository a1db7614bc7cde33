//! What answers say of their length. A 304 tells none: it would be taken for that of the page. One to HEAD
//! tells that of the page, and has no body. Servers of HTTP/1 see to that whatever a response says; here is
//! what the response says.

use std::convert::Infallible;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::get;
use cached_runtime::testing;
use cached_web::CacheLayer;
use cached_web::axum::cached_response;
use http::{Method, StatusCode, header};
use http_body::Body as _;
use tower::{Layer as _, ServiceExt as _, service_fn};

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

/// No router stands around the layer, which asks for the whole page.
#[test]
fn an_answer_to_head_has_no_body_whatever_becomes_of_the_page() {
    let pages = [
        (StatusCode::OK, "max-age=60", Some("4")),
        (StatusCode::OK, "no-store", Some("4")),
        (StatusCode::INTERNAL_SERVER_ERROR, "no-store", Some("4")),
        (StatusCode::NO_CONTENT, "no-store", None),
    ];
    block_on(testing::isolated_async(async {
        for (status, directive, expected) in pages {
            for is_flowing in [false, true] {
                let service =
                    CacheLayer::new(60).layer(service_fn(move |request: Request| async move {
                        assert_eq!(request.method(), Method::GET);
                        let frames = futures_util::stream::iter([Ok::<_, Infallible>("page")]);
                        let body = match (status, is_flowing) {
                            (StatusCode::NO_CONTENT, _) => Body::empty(),
                            (_, false) => Body::from("page"),
                            (_, true) => Body::from_stream(frames),
                        };
                        let response = Response::builder().status(status);
                        let response = response.header(header::CACHE_CONTROL, directive);
                        Ok::<_, Infallible>(response.body(body).unwrap())
                    }));
                let request = Request::head("/").header("host", "a").body(Body::empty()).unwrap();
                let answer = service.oneshot(request).await.unwrap();
                let length = answer.headers().get(header::CONTENT_LENGTH);
                let length = length.map(|length| length.to_str().unwrap().to_owned());
                let is_known = !is_flowing || status == StatusCode::NO_CONTENT;
                let expected = expected.filter(|_| is_known);
                assert_eq!((answer.status(), length.as_deref()), (status, expected));
                assert!(answer.into_body().is_end_stream(), "{status} {directive} {is_flowing}");
            }
        }
    }));
}

//! The site in axum.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Extension, Path, Request};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, post};
use axum::{Router, serve as serve_axum};
use cached_runtime::Timeout;
use cached_web::axum::cached_response;
use cached_web::{CacheLayer, ETags, invalidates};
use http::StatusCode;
use tokio::net::TcpListener;

use crate::orders;
use crate::routes::{User, at, named, routes, user};
use crate::script::{self, Reply, play};
use crate::site::Up;

pub async fn serve(router: Router, up: Up) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    up.send(listener.local_addr().expect("an address")).expect("a test that waits");
    serve_axum(listener, router).await.expect("a server");
}

/// Handlers with attributes.
pub fn attributed() -> Router {
    orders::axum::routes(attributed_routes())
        .route(at!(personal), any(personal))
        .route(at!(keyed), any(keyed))
        .route(at!(unless), any(unless))
        .route(at!(renewing), any(renewing))
        .route(at!(account), any(account).layer(from_fn(sign_in)))
        .route(at!(item), any(item))
        .route(at!(bare), any(bare))
        .route(at!(change), post(change))
        .route("/deep/{page}/{*rest}", any(deep))
        .nest("/nested", Router::new().route("/{page}", any(nested)))
        .nest("/other", Router::new().route("/{page}", any(nested)))
}

/// Handlers behind layers.
pub fn layered() -> Router {
    let personal = CacheLayer::new(60).per(user);
    let nested = Router::new().route("/{page}", any(bare)).layer(CacheLayer::new(60));
    layered_routes()
        .route(at!(personal), any(bare).layer(personal))
        .route(at!(bare), any(bare))
        .route(at!(change), post(change))
        .route("/deep/{page}/{*rest}", any(bare_deep).layer(CacheLayer::new(60)))
        .nest("/nested", nested.clone())
        .nest("/other", nested)
}

macro_rules! handlers {
    (
        $($name:ident($($args:tt)*) $(= $layer:expr)?),*;
        background: $($refreshed:ident($($refreshing:tt)*)),*
    ) => {
        $(
            #[cached_response($($args)*)]
            async fn $name(Path(page): Path<String>) -> Reply {
                play(&page).await
            }
        )*
        $(
            #[cached_response($($refreshing)*)]
            async fn $refreshed(Path(page): Path<String>) -> Reply {
                play(&page).await
            }
        )*

        fn attributed_routes() -> Router {
            Router::new()
                $(.route(at!($name), any($name)))*
                $(.route(at!($refreshed), any($refreshed)))*
        }

        fn layered_routes() -> Router {
            Router::new()$($(.route(at!($name), any(bare).layer($layer)))?)*
        }
    };
}

routes!(handlers);

#[cached_response(timeout = 60, per = request.header("x-user"))]
async fn personal(Path(page): Path<String>) -> Reply {
    play(&page).await
}

#[cached_response(timeout = 60, key = "{page}:{request.header(\"x-part\")}")]
async fn keyed(Path(page): Path<String>) -> Reply {
    play(&page).await
}

#[cached_response(timeout = 60, unless = request.headers().contains_key("x-alone"))]
async fn unless(Path(page): Path<String>) -> Reply {
    play(&page).await
}

#[cached_response(timeout = 60, refresh = request.headers().contains_key("x-renew"))]
async fn renewing(Path(page): Path<String>) -> Reply {
    play(&page).await
}

#[cached_response(timeout = 60, per = user.0)]
async fn account(Extension(user): Extension<User>, Path(page): Path<String>) -> Reply {
    play(&page).await
}

#[cached_response(timeout = 60, tags("item:{page}", "items"))]
async fn item(Path(page): Path<String>) -> Reply {
    play(&page).await
}

#[cached_response(timeout = 60)]
async fn deep(Path((page, _)): Path<(String, String)>) -> Reply {
    play(&page).await
}

#[cached_response(timeout = 60)]
async fn nested(Path(page): Path<String>) -> Reply {
    play(&page).await
}

/// Changes an item, which its page's next answer is of, unless that says that it cannot.
#[invalidates(tags("item:{page}"))]
async fn change(Path(page): Path<String>) -> Result<Reply, StatusCode> {
    play(&page).await.changed()
}

async fn bare(Path(page): Path<String>) -> Reply {
    play(&page).await
}

async fn bare_deep(Path((page, _)): Path<(String, String)>) -> Reply {
    play(&page).await
}

/// Knows users by a field, as real ones do by a cookie.
async fn sign_in(mut request: Request, next: Next) -> Response {
    match named(request.headers()) {
        Some(user) => {
            request.extensions_mut().insert(user);
            next.run(request).await
        }
        None => StatusCode::UNAUTHORIZED.into_response(),
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut response = http::Response::builder().status(self.status);
        for (name, value) in self.fields {
            response = response.header(name, value);
        }
        let body = match self.body {
            script::Body::Whole(bytes) => Body::from(bytes),
            script::Body::Flow(flow) => Body::from_stream(flow),
        };
        response.body(body).expect("a response")
    }
}

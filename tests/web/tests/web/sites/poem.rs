//! The site in poem.

use std::time::Duration;

use cached_runtime::Timeout;
use cached_web::poem::cached_response;
use cached_web::{CacheLayer, ETags, invalidates};
use http::StatusCode;
use poem::endpoint::EndpointExt as _;
use poem::listener::TcpAcceptor;
use poem::web::{Data, Path};
use poem::{Body, Endpoint, Error, IntoResponse, Request, Response, Route, Server, handler, post};

use crate::orders;
use crate::routes::{User, named, routes, user};
use crate::script::{self, Reply, play};
use crate::site::Up;

pub async fn serve(route: Route, up: Up) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let acceptor = TcpAcceptor::from_tokio(listener).expect("an acceptor");
    up.send(address).expect("a test that waits");
    Server::new_with_acceptor(acceptor).run(route).await.expect("a server");
}

/// The path of a route.
macro_rules! at {
    ($name:ident) => {
        concat!("/", stringify!($name), "/:page")
    };
}

/// Handlers with attributes.
pub fn attributed() -> Route {
    orders::poem::routes(attributed_routes())
        .at(at!(personal), personal)
        .at(at!(keyed), keyed)
        .at(at!(unless), unless)
        .at(at!(renewing), renewing)
        .at(at!(account), account.around(sign_in))
        .at(at!(item), item)
        .at(at!(bare), bare)
        .at(at!(change), post(change))
        .at("/deep/:page/*rest", deep)
        .nest("/nested", Route::new().at("/:page", nested))
        .nest("/other", Route::new().at("/:page", nested))
}

/// Handlers behind layers.
pub fn layered() -> Route {
    let layer = CacheLayer::new(60);
    layered_routes()
        .at(at!(personal), bare.with(CacheLayer::new(60).per(user)))
        .at(at!(bare), bare)
        .at(at!(change), post(change))
        .at("/deep/:page/*rest", bare_deep.with(CacheLayer::new(60)))
        .nest("/nested", Route::new().at("/:page", bare).with(layer.clone()))
        .nest("/other", Route::new().at("/:page", bare).with(layer))
}

macro_rules! handlers {
    (
        $($name:ident($($args:tt)*) $(= $layer:expr)?),*;
        background: $($refreshed:ident($($refreshing:tt)*)),*
    ) => {
        $(
            #[cached_response($($args)*)]
            #[handler]
            async fn $name(Path(page): Path<String>) -> Reply {
                play(&page).await
            }
        )*
        $(
            #[cached_response($($refreshing)*)]
            #[handler]
            async fn $refreshed(Path(page): Path<String>) -> Reply {
                play(&page).await
            }
        )*

        fn attributed_routes() -> Route {
            Route::new()$(.at(at!($name), $name))*$(.at(at!($refreshed), $refreshed))*
        }

        fn layered_routes() -> Route {
            Route::new()$($(.at(at!($name), bare.with($layer)))?)*
        }
    };
}

routes!(handlers);

#[cached_response(timeout = 60, per = request.header("x-user"))]
#[handler]
async fn personal(Path(page): Path<String>) -> Reply {
    play(&page).await
}

#[cached_response(timeout = 60, key = "{page}:{request.header(\"x-part\")}")]
#[handler]
async fn keyed(Path(page): Path<String>) -> Reply {
    play(&page).await
}

#[cached_response(timeout = 60, unless = request.headers().contains_key("x-alone"))]
#[handler]
async fn unless(Path(page): Path<String>) -> Reply {
    play(&page).await
}

#[cached_response(timeout = 60, refresh = request.headers().contains_key("x-renew"))]
#[handler]
async fn renewing(Path(page): Path<String>) -> Reply {
    play(&page).await
}

#[cached_response(timeout = 60, per = user.0)]
#[handler]
async fn account(Data(user): Data<&User>, Path(page): Path<String>) -> Reply {
    play(&page).await
}

#[cached_response(timeout = 60, tags("item:{page}", "items"))]
#[handler]
async fn item(Path(page): Path<String>) -> Reply {
    play(&page).await
}

#[cached_response(timeout = 60)]
#[handler]
async fn deep(Path((page, _)): Path<(String, String)>) -> Reply {
    play(&page).await
}

#[cached_response(timeout = 60)]
#[handler]
async fn nested(Path(page): Path<String>) -> Reply {
    play(&page).await
}

/// Changes an item, which its page's next answer is of, unless that says that it cannot.
#[invalidates(tags("item:{page}"))]
#[handler]
async fn change(Path(page): Path<String>) -> poem::Result<Reply> {
    play(&page).await.changed().map_err(Error::from_status)
}

#[handler]
async fn bare(Path(page): Path<String>) -> Reply {
    play(&page).await
}

#[handler]
async fn bare_deep(Path((page, _)): Path<(String, String)>) -> Reply {
    play(&page).await
}

/// Knows users by a field, as real ones do by a cookie.
async fn sign_in<E: Endpoint>(
    endpoint: std::sync::Arc<E>,
    mut request: Request,
) -> poem::Result<Response> {
    let user = named(request.headers()).ok_or(Error::from_status(StatusCode::UNAUTHORIZED))?;
    request.set_data(user);
    Ok(endpoint.get_response(request).await)
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let body = match self.body {
            script::Body::Whole(bytes) => Body::from(bytes),
            script::Body::Flow(flow) => Body::from_bytes_stream(flow),
        };
        let mut response = Response::from(body);
        response.set_status(StatusCode::from_u16(self.status).expect("a status"));
        for (name, value) in self.fields {
            let value = http::HeaderValue::from_bytes(&value).expect("a value");
            response.headers_mut().append(name, value);
        }
        response
    }
}

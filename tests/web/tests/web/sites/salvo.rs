//! The site in salvo.

use std::time::Duration;

use cached_runtime::Timeout;
use cached_web::salvo::cached_response;
use cached_web::{CacheLayer, ETags, invalidates};
use futures_util::TryStreamExt as _;
use salvo::conn::tcp::TcpAcceptor;
use salvo::extract::PathParam;
use salvo::http::{StatusCode, StatusError};
use salvo::writing::Scribe;
use salvo::{Depot, FlowCtrl, Request, Response, Router, Server, Writer as _, handler};

use crate::orders;
use crate::routes::{User, at, named, routes, user};
use crate::script::{self, Reply, play};
use crate::site::Up;

pub async fn serve(router: Router, up: Up) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let acceptor = TcpAcceptor::try_from(listener).expect("an acceptor");
    up.send(address).expect("a test that waits");
    Server::new(acceptor).serve(router).await;
}

/// Handlers with attributes.
pub fn attributed() -> Router {
    orders::salvo::routes(attributed_routes())
        .push(Router::with_path(at!(personal)).goal(personal))
        .push(Router::with_path(at!(keyed)).goal(keyed))
        .push(Router::with_path(at!(unless)).goal(unless))
        .push(Router::with_path(at!(renewing)).goal(renewing))
        .push(Router::with_path(at!(account)).hoop(sign_in).goal(account))
        .push(Router::with_path(at!(item)).goal(item))
        .push(Router::with_path(at!(bare)).goal(bare))
        .push(Router::with_path(at!(change)).post(change))
        .push(Router::with_path("/deep/{page}/{**rest}").goal(deep))
        .push(Router::with_path("/nested/{page}").goal(nested))
        .push(Router::with_path("/other/{page}").goal(nested))
}

/// Handlers behind layers.
pub fn layered() -> Router {
    let layer = CacheLayer::new(60);
    let route = Router::with_path;
    layered_routes()
        .push(route(at!(personal)).hoop(CacheLayer::new(60).per(user)).goal(bare))
        .push(route(at!(bare)).goal(bare))
        .push(route(at!(change)).post(change))
        .push(route("/deep/{page}/{**rest}").hoop(CacheLayer::new(60)).goal(bare))
        .push(route("/nested/{page}").hoop(layer.clone()).goal(bare))
        .push(route("/other/{page}").hoop(layer).goal(bare))
}

macro_rules! handlers {
    (
        $($name:ident($($args:tt)*) $(= $layer:expr)?),*;
        background: $($refreshed:ident($($refreshing:tt)*)),*
    ) => {
        $(
            #[cached_response($($args)*)]
            #[handler]
            async fn $name(page: PathParam<String>) -> Reply {
                play(&page).await
            }
        )*

        fn attributed_routes() -> Router {
            Router::new()$(.push(Router::with_path(at!($name)).goal($name)))*
        }

        fn layered_routes() -> Router {
            Router::new()$($(.push(Router::with_path(at!($name)).hoop($layer).goal(bare)))?)*
        }
    };
}

routes!(handlers);

#[cached_response(timeout = 60, per = request.header("x-user"))]
#[handler]
async fn personal(page: PathParam<String>) -> Reply {
    play(&page).await
}

#[cached_response(timeout = 60, key = "{page}:{request.header(\"x-part\")}")]
#[handler]
async fn keyed(page: PathParam<String>) -> Reply {
    play(&page).await
}

#[cached_response(timeout = 60, unless = request.headers().contains_key("x-alone"))]
#[handler]
async fn unless(page: PathParam<String>) -> Reply {
    play(&page).await
}

#[cached_response(timeout = 60, refresh = request.headers().contains_key("x-renew"))]
#[handler]
async fn renewing(page: PathParam<String>) -> Reply {
    play(&page).await
}

#[cached_response(timeout = 60, per = depot.get::<User>("user").unwrap().0)]
#[handler]
async fn account(depot: &mut Depot, page: PathParam<String>) -> Reply {
    play(&page).await
}

#[cached_response(timeout = 60, tags("item:{page}", "items"))]
#[handler]
async fn item(page: PathParam<String>) -> Reply {
    play(&page).await
}

#[cached_response(timeout = 60)]
#[handler]
async fn deep(page: PathParam<String>) -> Reply {
    play(&page).await
}

#[cached_response(timeout = 60)]
#[handler]
async fn nested(page: PathParam<String>) -> Reply {
    play(&page).await
}

/// Changes an item, which its page's next answer is of, unless that says that it cannot.
#[invalidates(tags("item:{page}"))]
#[handler]
async fn change(page: PathParam<String>) -> Result<Reply, StatusError> {
    let failed = |status| StatusError::from_code(status).expect("a failure");
    play(&page).await.changed().map_err(failed)
}

#[handler]
async fn bare(page: PathParam<String>) -> Reply {
    play(&page).await
}

/// Knows users by a field, as real ones do by a cookie.
#[handler]
async fn sign_in(
    request: &mut Request,
    depot: &mut Depot,
    response: &mut Response,
    control: &mut FlowCtrl,
) {
    match named(request.headers()) {
        Some(user) => drop(depot.insert("user", user)),
        None => {
            response.status_code(StatusCode::UNAUTHORIZED);
            control.skip_rest();
        }
    }
}

impl Scribe for Reply {
    fn render(self, response: &mut Response) {
        response.status_code(StatusCode::from_u16(self.status).expect("a status"));
        for (name, value) in self.fields {
            let value = http::HeaderValue::from_bytes(&value).expect("a value");
            response.headers_mut().append(name, value);
        }
        match self.body {
            script::Body::Whole(bytes) => drop(response.write_body(bytes)),
            script::Body::Flow(flow) => response.stream(flow.map_err(std::io::Error::other)),
        }
    }
}

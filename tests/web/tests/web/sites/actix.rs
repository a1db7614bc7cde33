//! The site in actix-web.
//!
//! Its own server runs workers in threads of their own, where no test's caches are. So its HTTP
//! service runs here, on the thread of the site.

use std::time::Duration;

use actix_http::HttpService;
use actix_service::{Service as _, ServiceFactory as _, map_config};
use actix_web::body::{BodyStream, BoxBody};
use actix_web::dev::{AppConfig, ServiceRequest, ServiceResponse};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{self, Path, ServiceConfig};
use actix_web::{App, Error, HttpMessage as _, HttpRequest, HttpResponse, Responder, error};
use cached_runtime::Timeout;
use cached_web::actix::cached_response;
use cached_web::{CacheLayer, ETags, invalidates};
use tokio::net::TcpListener;
use tokio::task::{LocalSet, spawn_local};

use crate::orders;
use crate::routes::{User, at, routes, user};
use crate::script::{self, Reply, play};
use crate::site::Up;

pub async fn serve(configure: fn(&mut ServiceConfig), up: Up) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let accept = async move {
        let app = App::new().configure(configure);
        let app = map_config(app, move |()| {
            AppConfig::__priv_test_new(false, address.to_string(), address)
        });
        let service = HttpService::build().finish(app).tcp().new_service(()).await;
        let service = std::rc::Rc::new(service.expect("a service"));
        up.send(address).expect("a test that waits");
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            let service = std::rc::Rc::clone(&service);
            // What fails here is the client's to notice.
            spawn_local(async move { drop(service.call(stream).await) });
        }
    };
    LocalSet::new().run_until(accept).await;
}

/// Handlers with attributes.
pub fn attributed(site: &mut ServiceConfig) {
    attributed_routes(site);
    orders::actix::routes(site);
    site.route(at!(personal), web::route().to(personal))
        .route(at!(keyed), web::route().to(keyed))
        .route(at!(unless), web::route().to(unless))
        .route(at!(renewing), web::route().to(renewing))
        .service(web::resource(at!(account)).wrap(from_fn(sign_in)).to(account))
        .route(at!(item), web::route().to(item))
        .route(at!(bare), web::route().to(bare))
        .route(at!(change), web::post().to(change))
        .route("/deep/{page}/{rest:.*}", web::route().to(deep))
        .service(web::scope("/nested").route("/{page}", web::route().to(nested)))
        .service(web::scope("/other").route("/{page}", web::route().to(nested)));
}

/// Handlers behind layers.
pub fn layered(site: &mut ServiceConfig) {
    layered_routes(site);
    let personal = CacheLayer::new(60).per(user);
    let deep = web::resource("/deep/{page}/{rest:.*}").wrap(CacheLayer::new(60));
    let layer = CacheLayer::new(60);
    let nested = web::scope("/nested").wrap(layer.clone());
    let other = web::scope("/other").wrap(layer);
    site.service(web::resource(at!(personal)).wrap(personal).to(bare))
        .route(at!(bare), web::route().to(bare))
        .route(at!(change), web::post().to(change))
        .service(deep.to(bare_deep))
        .service(nested.route("/{page}", web::route().to(bare)))
        .service(other.route("/{page}", web::route().to(bare)));
}

macro_rules! handlers {
    (
        $($name:ident($($args:tt)*) $(= $layer:expr)?),*;
        background: $($refreshed:ident($($refreshing:tt)*)),*
    ) => {
        $(
            #[cached_response($($args)*)]
            async fn $name(page: Path<String>) -> Reply {
                play(&page).await
            }
        )*
        $(
            #[cached_response($($refreshing)*)]
            async fn $refreshed(page: Path<String>) -> Reply {
                play(&page).await
            }
        )*

        fn attributed_routes(site: &mut ServiceConfig) {
            $(site.route(at!($name), web::route().to($name));)*
            $(site.route(at!($refreshed), web::route().to($refreshed));)*
        }

        fn layered_routes(site: &mut ServiceConfig) {
            $($(site.service(web::resource(at!($name)).wrap($layer).to(bare));)?)*
        }
    };
}

routes!(handlers);

#[cached_response(timeout = 60, per = request.header("x-user"))]
async fn personal(page: Path<String>) -> Reply {
    play(&page).await
}

#[cached_response(timeout = 60, key = "{page}:{request.header(\"x-part\")}")]
async fn keyed(page: Path<String>) -> Reply {
    play(&page).await
}

#[cached_response(timeout = 60, unless = request.headers().contains_key("x-alone"))]
async fn unless(page: Path<String>) -> Reply {
    play(&page).await
}

#[cached_response(timeout = 60, refresh = request.headers().contains_key("x-renew"))]
async fn renewing(page: Path<String>) -> Reply {
    play(&page).await
}

#[cached_response(timeout = 60, per = user.0)]
async fn account(user: web::ReqData<User>, page: Path<String>) -> Reply {
    play(&page).await
}

#[cached_response(timeout = 60, tags("item:{page}", "items"))]
async fn item(page: Path<String>) -> Reply {
    play(&page).await
}

#[cached_response(timeout = 60)]
async fn deep(path: Path<(String, String)>) -> Reply {
    play(&path.0).await
}

#[cached_response(timeout = 60)]
async fn nested(page: Path<String>) -> Reply {
    play(&page).await
}

/// Changes an item, which its page's next answer is of, unless that says that it cannot.
#[invalidates(tags("item:{page}"))]
async fn change(page: Path<String>) -> Result<Reply, Error> {
    play(&page).await.changed().map_err(|status| {
        error::InternalError::new("unchanged", actix_status(status.as_u16())).into()
    })
}

async fn bare(page: Path<String>) -> Reply {
    play(&page).await
}

async fn bare_deep(path: Path<(String, String)>) -> Reply {
    play(&path.0).await
}

/// Knows users by a field, as real ones do by a cookie.
async fn sign_in(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let user = request.headers().get("x-user").and_then(|user| user.to_str().ok());
    let Some(user) = user.map(|user| User(user.to_owned())) else {
        return Err(error::ErrorUnauthorized("nobody"));
    };
    request.extensions_mut().insert(user);
    next.call(request).await
}

fn actix_status(status: u16) -> actix_web::http::StatusCode {
    actix_web::http::StatusCode::from_u16(status).expect("a status")
}

impl Responder for Reply {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::build(actix_status(self.status));
        for (name, value) in self.fields {
            let value = actix_web::http::header::HeaderValue::from_bytes(&value);
            response.append_header((name, value.expect("a value")));
        }
        match self.body {
            script::Body::Whole(bytes) => response.body(bytes),
            script::Body::Flow(flow) => response.body(BodyStream::new(flow)),
        }
    }
}

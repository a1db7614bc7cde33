//! The site in rocket. It has no layers, and its fields are texts.

use std::io::Cursor;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use cached_web::invalidates;
use cached_web::rocket::cached_response;
use http::StatusCode;
use rocket::config::{Config, LogLevel, Shutdown};
use rocket::fairing::AdHoc;
use rocket::http::{Header, Method, Status};
use rocket::request::{FromRequest, Outcome};
use rocket::response::{self, Responder};
use rocket::{Build, Request, Rocket, Route, async_trait, get, post, routes as rocket_routes};
use tokio_util::io::StreamReader;

use crate::orders;
use crate::routes::{User, routes};
use crate::script::{self, Reply, play};
use crate::site::Up;

pub async fn serve(up: Up) {
    let shutdown = Shutdown { ctrlc: false, signals: [].into(), ..Shutdown::default() };
    let log_level = LogLevel::Off;
    let config = Config { port: 0, log_level, shutdown, ..Config::debug_default() };
    let up = std::sync::Mutex::new(Some(up));
    let liftoff = AdHoc::on_liftoff("up", move |rocket| {
        let address = SocketAddr::new(rocket.config().address, rocket.config().port);
        let up = up.lock().unwrap().take();
        Box::pin(async move {
            let _ = up.map(|up| up.send(address));
        })
    });
    drop(site(rocket::custom(config)).attach(liftoff).launch().await.expect("a server"));
}

fn site(rocket: Rocket<Build>) -> Rocket<Build> {
    mount(rocket)
        .mount("/", orders::rocket::routes())
        .mount("/personal", all(&rocket_routes![personal]))
        .mount("/keyed", all(&rocket_routes![keyed]))
        .mount("/unless", all(&rocket_routes![unless]))
        .mount("/renewing", all(&rocket_routes![renewing]))
        .mount("/account", all(&rocket_routes![account]))
        .mount("/item", all(&rocket_routes![item]))
        .mount("/bare", all(&rocket_routes![bare]))
        .mount("/change", rocket_routes![change])
        .mount("/deep", all(&rocket_routes![deep]))
        .mount("/nested", all(&rocket_routes![nested]))
        .mount("/other", all(&rocket_routes![nested]))
}

/// The same routes for other methods too. Rocket answers HEAD by those of GET.
fn all(routes: &[Route]) -> Vec<Route> {
    let methods = [Method::Get, Method::Post, Method::Put, Method::Delete, Method::Patch];
    let methods = methods.into_iter().chain([Method::Options]);
    let of = |method| {
        routes.iter().cloned().map(move |mut route| {
            route.method = method;
            route
        })
    };
    methods.flat_map(of).collect()
}

macro_rules! handlers {
    (
        $($name:ident($($args:tt)*) $(= $layer:expr)?),*;
        background: $($refreshed:ident($($refreshing:tt)*)),*
    ) => {
        $(
            #[cached_response($($args)*)]
            #[get("/<page>")]
            async fn $name(page: String) -> Reply {
                play(&page).await
            }
        )*

        fn mount(rocket: Rocket<Build>) -> Rocket<Build> {
            rocket$(.mount(concat!("/", stringify!($name)), all(&rocket_routes![$name])))*
        }
    };
}

routes!(handlers);

#[cached_response(timeout = 60, per = request.header("x-user"))]
#[get("/<page>")]
async fn personal(page: String) -> Reply {
    play(&page).await
}

#[cached_response(timeout = 60, key = "{page}:{request.header(\"x-part\")}")]
#[get("/<page>")]
async fn keyed(page: String) -> Reply {
    play(&page).await
}

#[cached_response(timeout = 60, unless = request.headers().contains_key("x-alone"))]
#[get("/<page>")]
async fn unless(page: String) -> Reply {
    play(&page).await
}

#[cached_response(timeout = 60, refresh = request.headers().contains_key("x-renew"))]
#[get("/<page>")]
async fn renewing(page: String) -> Reply {
    play(&page).await
}

#[cached_response(timeout = 60, per = user.0)]
#[get("/<page>")]
async fn account(user: User, page: String) -> Reply {
    play(&page).await
}

#[cached_response(timeout = 60, tags("item:{page}", "items"))]
#[get("/<page>")]
async fn item(page: &str) -> Reply {
    play(page).await
}

#[cached_response(timeout = 60)]
#[get("/<page>/<_rest..>")]
async fn deep(page: String, _rest: PathBuf) -> Reply {
    play(&page).await
}

#[cached_response(timeout = 60)]
#[get("/<page>")]
async fn nested(page: String) -> Reply {
    play(&page).await
}

/// Changes an item, which its page's next answer is of, unless that says that it cannot.
#[invalidates(tags("item:{page}"))]
#[post("/<page>")]
async fn change(page: String) -> Result<Reply, Status> {
    play(&page).await.changed().map_err(|status: StatusCode| Status::new(status.as_u16()))
}

/// Without a cache.
#[get("/<page>")]
async fn bare(page: String) -> Reply {
    play(&page).await
}

/// Knows users by a field, as real ones do by a cookie.
#[async_trait]
impl<'r> FromRequest<'r> for User {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        match request.headers().get_one("x-user") {
            Some(user) => Outcome::Success(Self(user.to_owned())),
            None => Outcome::Error((Status::Unauthorized, ())),
        }
    }
}

impl<'r> Responder<'r, 'static> for Reply {
    fn respond_to(self, _: &'r Request<'_>) -> response::Result<'static> {
        let mut response = rocket::Response::new();
        response.set_status(Status::new(self.status));
        for (name, value) in self.fields {
            let value = String::from_utf8(value).expect("rocket's fields are texts");
            response.adjoin_header(Header::new(name, value));
        }
        match self.body {
            script::Body::Whole(bytes) => response.set_sized_body(bytes.len(), Cursor::new(bytes)),
            script::Body::Flow(flow) => response.set_streamed_body(StreamReader::new(flow)),
        }
        Ok(response)
    }
}

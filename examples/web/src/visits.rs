//! A client that visits the pages of the shop, and says how the cache answered.

use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, COOKIE};
use hyper::{Request, Response};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;

use crate::Result;

/// What is asked of the shop: method, target, who asks, what the form says; and the answer: its status, and
/// what `Cache-Status` has to say.
const VISITS: [(&str, &str, &str, &str, u16, &str); 17] = [
    ("GET", "/items?page=0&sort=price", "", "", 200, "stored"),
    ("GET", "/items?sort=price&page=0", "", "", 200, "hit"), // the same page
    ("GET", "/items?sort=price&page=0", "alice", "", 200, "hit"), // for everybody
    ("GET", "/items?page=1&sort=price", "", "", 200, "stored"),
    ("GET", "/items/2", "bob", "", 200, "stored"),
    ("GET", "/items/2", "", "", 200, "hit"),
    ("GET", "/items/9", "", "", 404, ""), // none such
    ("POST", "/items/2", "", "cents=1100", 303, ""),
    ("GET", "/items/2", "", "", 200, "stored"), // rendered anew,
    ("GET", "/items?page=0&sort=price", "", "", 200, "stored"), // as are the lists
    ("GET", "/account", "alice", "", 200, "stored"),
    ("GET", "/account", "bob", "", 200, "stored"),
    ("GET", "/account", "alice", "", 200, "hit"),
    ("GET", "/account", "", "", 200, "stored"),
    ("GET", "/events", "", "", 200, "fwd"), // passes through
    ("GET", "/events", "", "", 200, "fwd"),
    ("POST", "/items/9", "", "cents=1100", 404, ""),
];

/// The longest that an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Visits the pages.
pub(crate) async fn visit(address: SocketAddr) -> Result {
    let client = Client::builder(TokioExecutor::new()).build_http();
    tokio::time::timeout(PATIENCE, ready(address)).await?;
    for (method, target, user, form, code, expected) in VISITS {
        let request = Request::builder().method(method).uri(format!("http://{address}{target}"));
        let request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let request = match user {
            "" => request,
            user => request.header(COOKIE, format!("user={user}")),
        };
        let request = request.body(Full::from(form))?;
        let response = tokio::time::timeout(PATIENCE, ask(&client, request)).await??;
        let status = response.headers().get("cache-status");
        let cache = status.map_or(Ok(""), |status| status.to_str())?;
        println!("{method:<5}{target:<27}{user:<6}{} {cache}", response.status().as_u16());
        assert_eq!(response.status(), code, "{method} {target}");
        assert!(cache.contains(expected), "{method} {target}: expected {expected}");
    }
    Ok(())
}

/// Asks, and waits for the beginning of what there is to read.
async fn ask(
    client: &Client<HttpConnector, Full<Bytes>>,
    request: Request<Full<Bytes>>,
) -> Result<Response<Incoming>> {
    let mut response = client.request(request).await?;
    let _ = response.body_mut().frame().await.transpose()?;
    Ok(response)
}

/// Waits until somebody listens.
async fn ready(address: SocketAddr) {
    while tokio::net::TcpStream::connect(address).await.is_err() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

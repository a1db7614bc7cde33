//! The service: an HTTP server on a free port of this machine whose behaviour follows a script, and
//! a client for it. It knows of no cache.

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use cached_runtime::CacheTimeout;
use http_body_util::{BodyExt as _, Empty, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;

/// What the service does for a while.
#[derive(Clone, Copy)]
pub struct Phase {
    pub lasts: Duration,
    pub is: &'static str,
    /// How long an answer takes.
    pub takes: Duration,
    pub status: StatusCode,
}

pub const SCRIPT: [Phase; 5] = [
    phase(1_500, "fast, 5 ms", 5, StatusCode::OK),
    phase(2_000, "slow, 300 ms", 300, StatusCode::OK),
    phase(1_500, "failing", 5, StatusCode::SERVICE_UNAVAILABLE),
    phase(1_500, "hanging", 3_000, StatusCode::GATEWAY_TIMEOUT),
    phase(2_500, "fast, 5 ms", 5, StatusCode::OK),
];

const fn phase(lasts_ms: u64, is: &'static str, takes_ms: u64, status: StatusCode) -> Phase {
    Phase {
        lasts: Duration::from_millis(lasts_ms),
        is,
        takes: Duration::from_millis(takes_ms),
        status,
    }
}

/// What the service does once it has run for so long. After the script, what it did last.
pub fn phase_at(elapsed: Duration) -> Phase {
    let mut end = Duration::ZERO;
    let is_under_way = |phase: &&Phase| {
        end += phase.lasts;
        elapsed < end
    };
    *SCRIPT.iter().find(is_under_way).unwrap_or(&SCRIPT[SCRIPT.len() - 1])
}

/// A request that came to nothing.
#[derive(Clone, Debug)]
pub enum Failure {
    Status(StatusCode),
    Connection(String),
    TooSlow(CacheTimeout),
}

impl From<CacheTimeout> for Failure {
    fn from(timeout: CacheTimeout) -> Self {
        Self::TooSlow(timeout)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "the service said {status}"),
            Self::Connection(reason) => write!(f, "no connection: {reason}"),
            Self::TooSlow(timeout) => timeout.fmt(f),
        }
    }
}

/// The service, as its clients see it.
#[derive(Clone)]
pub struct Upstream {
    address: SocketAddr,
    client: Client<HttpConnector, Empty<Bytes>>,
}

impl Upstream {
    /// Starts the server, and with it the script.
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        tokio::spawn(serve(listener, Instant::now()));
        Ok(Self { address, client: Client::builder(TokioExecutor::new()).build_http() })
    }

    /// Asks the service.
    pub async fn get(&self, name: &str) -> Result<String, Failure> {
        let connection = |error: &dyn fmt::Display| Failure::Connection(error.to_string());
        let url = format!("http://{}/rates/{name}", self.address);
        let url = url.parse().map_err(|error| connection(&error))?;
        let response = self.client.get(url).await.map_err(|error| connection(&error))?;
        if response.status() != StatusCode::OK {
            return Err(Failure::Status(response.status()));
        }
        let body = response.into_body().collect().await.map_err(|error| connection(&error))?;
        Ok(String::from_utf8_lossy(&body.to_bytes()).into_owned())
    }
}

async fn serve(listener: TcpListener, start: Instant) {
    while let Ok((stream, _)) = listener.accept().await {
        let service = service_fn(move |request| answer(request, start));
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
        // A client that goes away is none of the server's concern.
        tokio::spawn(async move { drop(connection.await) });
    }
}

async fn answer(
    request: Request<Incoming>,
    start: Instant,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let phase = phase_at(start.elapsed());
    tokio::time::sleep(phase.takes).await;
    let text = format!("{} at {:.1?}", request.uri().path(), start.elapsed());
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = phase.status;
    Ok(response)
}

//! A client as browsers and proxies are: hyper's, with connections that are kept.

use std::fmt::Debug;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tokio::time::timeout;

/// How long anything may take that a test waits for.
pub const BOUND: Duration = Duration::from_secs(20);

#[derive(Clone)]
pub struct Client(hyper_util::client::legacy::Client<HttpConnector, Full<Bytes>>);

/// A request to be sent.
#[must_use]
pub struct Ask {
    client: Client,
    method: Method,
    url: String,
    fields: Vec<(String, Vec<u8>)>,
    body: Bytes,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Client {
    pub fn new() -> Self {
        Self(hyper_util::client::legacy::Client::builder(TokioExecutor::new()).build_http())
    }

    pub fn ask(&self, method: Method, url: String) -> Ask {
        Ask { client: self.clone(), method, url, fields: Vec::new(), body: Bytes::new() }
    }
}

impl Ask {
    /// Adds a line to the head.
    pub fn field(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.fields.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    pub fn body(mut self, body: &'static str) -> Self {
        self.body = body.into();
        self
    }

    /// Sends it, and reads the whole answer.
    pub async fn send(self) -> Answer {
        self.try_send().await.expect("an answer")
    }

    /// Sends it, and reads the whole answer, which may break off.
    pub async fn try_send(self) -> Result<Answer, String> {
        let (answer, body) = self.begin().await?.into_parts();
        let body = bounded("a whole body", body.collect()).await?.to_bytes();
        Ok(Answer { status: answer.status, headers: answer.headers, body })
    }

    /// Sends it, and reads the head of the answer.
    pub async fn begin(self) -> Result<http::Response<Incoming>, String> {
        let mut request = Request::builder().method(self.method).uri(self.url);
        for (name, value) in self.fields {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(self.body)).expect("a request");
        bounded("an answer", self.client.0.request(request)).await
    }
}

async fn bounded<T, E: Debug>(
    what: &str,
    future: impl Future<Output = Result<T, E>>,
) -> Result<T, String> {
    let waited = timeout(BOUND, future).await;
    let came = waited.unwrap_or_else(|_| panic!("waited in vain for {what}"));
    came.map_err(|error| format!("{error:?}"))
}

impl Answer {
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a text")
    }

    /// A field that has one line, or none.
    #[track_caller]
    pub fn field(&self, name: &str) -> Option<&str> {
        let mut lines = self.headers.get_all(name).iter();
        let line = lines.next()?;
        assert!(lines.next().is_none(), "`{name}` has several lines: {:?}", self.headers);
        Some(line.to_str().expect("visible ASCII"))
    }

    /// All lines of a field, as bytes.
    pub fn lines(&self, name: &str) -> Vec<&[u8]> {
        self.headers.get_all(name).iter().map(http::HeaderValue::as_bytes).collect()
    }

    /// What the cache says of it.
    #[track_caller]
    pub fn cache(&self) -> &str {
        self.field("cache-status").unwrap_or_default()
    }

    /// Whether the cache says this of it, as one of its parameters.
    #[track_caller]
    pub fn says(&self, parameter: &str) -> bool {
        self.cache().split(';').skip(1).any(|said| said.trim() == parameter)
    }
}

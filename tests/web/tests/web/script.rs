//! What pages answer: each test says it for its own page, and every handler looks it up here.
//!
//! Handlers know the name of a page from the path, and nothing else of a request. So a response that
//! went to the wrong request shows: it has the number of a run that was not this request's.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};

use bytes::Bytes;
use futures_util::stream::{BoxStream, StreamExt as _, unfold};
use http::StatusCode;
use tokio::sync::watch;

/// The pages that tests have opened.
static PAGES: LazyLock<Mutex<HashMap<String, Arc<Script>>>> = LazyLock::new(Mutex::default);

/// What a page answers, and how often it was asked.
pub struct Script {
    name: String,
    runs: watch::Sender<u64>,
    answer: Mutex<Answering>,
    /// Who goes on: everybody, bodies not beyond their gates, or nobody.
    gate: watch::Sender<Gate>,
}

/// What a page's gate lets through.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Gate {
    All,
    Runs,
    Nothing,
}

type Answering = Arc<dyn Fn(u64) -> Reply + Send + Sync>;

/// What a handler answers, in the terms of no framework.
pub struct Reply {
    pub status: u16,
    pub fields: Vec<(&'static str, Vec<u8>)>,
    pub body: Body,
}

pub enum Body {
    /// At hand, and of known length.
    Whole(Bytes),
    /// Of unknown length.
    Flow(Flow),
}

/// A body that comes in parts.
pub type Flow = BoxStream<'static, io::Result<Bytes>>;

/// A part of a body.
#[derive(Clone, Copy)]
pub enum Part {
    /// So many bytes.
    Bytes(usize),
    /// Nothing, until the gate of the page is open.
    Gate,
    /// The body breaks off.
    Break,
    /// So many bytes, again and again, without end.
    Endless(usize),
}

/// Runs the handler of a page.
pub async fn play(page: &str) -> Reply {
    let script = PAGES.lock().unwrap().get(page).cloned();
    let script = script.unwrap_or_else(|| panic!("nobody opened the page {page}"));
    let mut run = 0;
    script.runs.send_modify(|runs| {
        *runs += 1;
        run = *runs;
    });
    script.pass(Gate::Runs).await;
    let answer = Arc::clone(&script.answer.lock().unwrap());
    let mut reply = answer(run);
    if let Body::Flow(parts) = reply.body {
        // Parts that wait do so at this page's gate.
        reply.body = Body::Flow(script.gated(parts));
    }
    reply
}

/// Runs the handler of a page whose body is a text, and returns that.
pub async fn text(page: &str) -> String {
    match play(page).await.body {
        Body::Whole(bytes) => String::from_utf8(bytes.into()).expect("a text"),
        Body::Flow(_) => panic!("the body of {page} is no text at hand"),
    }
}

impl Script {
    /// Opens a page under a name that no other has. It answers `run 1`, `run 2` and so on.
    pub fn open() -> Arc<Self> {
        static NAMES: AtomicU64 = AtomicU64::new(1);
        let name = format!("page-{}", NAMES.fetch_add(1, Ordering::Relaxed));
        let script = Arc::new(Self {
            name: name.clone(),
            runs: watch::Sender::new(0),
            answer: Mutex::new(Arc::new(Reply::run)),
            gate: watch::Sender::new(Gate::All),
        });
        PAGES.lock().unwrap().insert(name, Arc::clone(&script));
        script
    }

    pub fn close(&self) {
        PAGES.lock().unwrap().remove(&self.name);
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Says what runs answer from now on.
    pub fn answers(&self, answer: impl Fn(u64) -> Reply + Send + Sync + 'static) {
        *self.answer.lock().unwrap() = Arc::new(answer);
    }

    /// How often the handler ran.
    pub fn runs(&self) -> u64 {
        *self.runs.borrow()
    }

    /// Waits until so many runs have begun.
    pub async fn wait_for(&self, runs: u64) {
        // The sender is in `self`, and lives as long.
        let _ = self.runs.subscribe().wait_for(|begun| *begun >= runs).await;
    }

    /// Holds runs and bodies at the gate, or lets them go.
    pub fn hold(&self, is_held: bool) {
        self.gate.send_replace(if is_held { Gate::Nothing } else { Gate::All });
    }

    /// Holds bodies where they have a gate.
    pub fn hold_bodies(&self) {
        self.gate.send_replace(Gate::Runs);
    }

    /// Waits until the gate lets so much through.
    async fn pass(&self, wanted: Gate) {
        // The sender is in `self`, and lives as long.
        let is_open = |gate: &Gate| *gate == Gate::All || *gate == wanted;
        let _ = self.gate.subscribe().wait_for(is_open).await;
    }

    fn gated(self: Arc<Self>, parts: Flow) -> Flow {
        let flow = unfold((self, parts), |(script, mut parts)| async move {
            let mut part = parts.next().await?;
            while part.as_ref().is_ok_and(Bytes::is_empty) {
                script.pass(Gate::All).await;
                part = parts.next().await?;
            }
            Some((part, (script, parts)))
        });
        flow.boxed()
    }
}

impl Reply {
    pub fn new(body: impl Into<Bytes>) -> Self {
        Self { status: 200, fields: Vec::new(), body: Body::Whole(body.into()) }
    }

    /// `run 1` for the first run of a page.
    pub fn run(run: u64) -> Self {
        Self::new(format!("run {run}"))
    }

    /// As the answer of a handler that changes something: a failure where the status is one.
    pub fn changed(self) -> Result<Self, StatusCode> {
        let status = StatusCode::from_u16(self.status).expect("a status");
        if status.is_success() { Ok(self) } else { Err(status) }
    }

    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Adds a line to the head.
    pub fn field(mut self, name: &'static str, value: impl AsRef<[u8]>) -> Self {
        self.fields.push((name, value.as_ref().to_vec()));
        self
    }

    /// Has a body of unknown length, which comes in these parts.
    pub fn flow(mut self, parts: &[Part]) -> Self {
        let parts = parts.to_vec();
        let flow = unfold((parts, 0), |(parts, at)| async move {
            let part = *parts.get(at)?;
            let next = if matches!(part, Part::Endless(_)) { at } else { at + 1 };
            // Other tasks of the server's one thread have their turn.
            tokio::task::yield_now().await;
            let bytes = match part {
                Part::Bytes(length) | Part::Endless(length) => Ok(vec![b'x'; length].into()),
                // Empty: the page waits here.
                Part::Gate => Ok(Bytes::new()),
                Part::Break => Err(io::Error::other("the body breaks off")),
            };
            Some((bytes, (parts, next)))
        });
        self.body = Body::Flow(flow.boxed());
        self
    }
}

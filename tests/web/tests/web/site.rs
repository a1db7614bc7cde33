//! A site of one framework, on a port of 127.0.0.1 of its own, with caches and a clock of its own.

use std::net::SocketAddr;
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use cached_runtime::testing::Isolation;
use cached_runtime::{Handle, registry};
use http::Method;
use tokio::sync::oneshot;

use crate::client::{Ask, BOUND, Client};
use crate::raw::Raw;
use crate::script::{Reply, Script};
use crate::sites;

/// What stands between the routes and the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adapter {
    Axum,
    Actix,
    Rocket,
    Poem,
    Salvo,
    AxumLayer,
    ActixLayer,
    PoemLayer,
    SalvoLayer,
}

/// A running site. Stopped when it is dropped.
pub struct Site {
    pub adapter: Adapter,
    pub isolation: Isolation,
    address: SocketAddr,
    client: Client,
    stop: Option<oneshot::Sender<()>>,
    ended: mpsc::Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

/// Where a site says that it is up, and at which address.
pub type Up = oneshot::Sender<SocketAddr>;

impl Site {
    /// Starts a site in a thread of its own.
    pub async fn start(adapter: Adapter) -> Self {
        Self::start_in(adapter, Isolation::new()).await
    }

    /// The same, with these caches.
    pub async fn start_in(adapter: Adapter, isolation: Isolation) -> Self {
        let (stop, stopped) = oneshot::channel();
        let (end, ended) = mpsc::channel();
        let (up, is_up) = oneshot::channel();
        let caches = isolation.clone();
        let thread = thread::spawn(move || {
            // Dropped at the end of the thread, however that comes.
            let _end = end;
            caches.run(|| serve(adapter, up, stopped));
        });
        let address = tokio::time::timeout(BOUND, is_up).await.expect("a site in time");
        Self {
            adapter,
            isolation,
            address: address.expect("a site that starts"),
            client: Client::new(),
            stop: Some(stop),
            ended,
            thread: Some(thread),
        }
    }

    /// Stops the site: its thread has ended then, and everything in it.
    pub fn stop(mut self) {
        let _ = self.stop.take().map(|stop| stop.send(()));
        let ended = self.ended.recv_timeout(BOUND);
        assert_eq!(ended, Err(mpsc::RecvTimeoutError::Disconnected), "the site does not stop");
        let thread = self.thread.take().expect("a site stops once");
        thread.join().expect("a site without a panic");
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Lets time pass in the site's caches.
    pub fn advance(&self, secs: u64) {
        self.isolation.clock().advance(Duration::from_secs(secs));
    }

    /// Drops all entries of the site's caches.
    pub fn clear(&self) {
        self.isolation.run(|| registry::all().iter().for_each(Handle::clear));
    }

    pub fn ask(&self, method: Method, path: &str) -> Ask {
        self.client.ask(method, format!("http://{}{path}", self.address))
    }

    /// Opens a page at a route.
    pub fn page(&self, route: &'static str) -> Page<'_> {
        Page { site: self, route, script: Script::open() }
    }

    /// Opens a page at a route, which answers so.
    pub fn page_of(
        &self,
        route: &'static str,
        answer: impl Fn(u64) -> Reply + Send + Sync + 'static,
    ) -> Page<'_> {
        let page = self.page(route);
        page.script.answers(answer);
        page
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // What a test that failed leaves running ends on its own.
        let _ = self.stop.take().map(|stop| stop.send(()));
    }
}

fn serve(adapter: Adapter, up: Up, stopped: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        tokio::select! {
            () = sites::serve(adapter, up) => panic!("the site has ended on its own"),
            _ = stopped => {}
        }
    });
}

/// A page of a site that no other test knows.
pub struct Page<'s> {
    pub site: &'s Site,
    route: &'static str,
    pub script: Arc<Script>,
}

impl Page<'_> {
    pub fn path(&self) -> String {
        format!("/{}/{}", self.route, self.script.name())
    }

    pub fn get(&self) -> Ask {
        self.ask(Method::GET)
    }

    pub fn head(&self) -> Ask {
        self.ask(Method::HEAD)
    }

    pub fn ask(&self, method: Method) -> Ask {
        self.site.ask(method, &self.path())
    }

    /// The page with something after its path: `?a=1`.
    pub fn at(&self, rest: &str) -> Ask {
        self.site.ask(Method::GET, &(self.path() + rest))
    }

    /// A connection of its own, on which bytes are written as they are.
    pub async fn raw(&self) -> Raw {
        Raw::connect(self.site.address()).await
    }

    pub fn runs(&self) -> u64 {
        self.script.runs()
    }

    /// Waits until so many runs have begun.
    pub async fn wait_for(&self, runs: u64) {
        let began = tokio::time::timeout(BOUND, self.script.wait_for(runs)).await;
        assert!(began.is_ok(), "{} of {runs} runs have begun", self.runs());
    }

    /// Waits for an answer, and turns the clock once so many runs have begun. Again and again, since
    /// the site may look at the clock for the first time when that has happened.
    pub async fn while_time_passes<T>(&self, runs: u64, answer: impl Future<Output = T>) -> T {
        let pass = async {
            self.wait_for(runs).await;
            let mut turns = tokio::time::interval(Duration::from_millis(20));
            loop {
                turns.tick().await;
                self.site.advance(1);
            }
        };
        tokio::select! {
            answer = answer => answer,
            () = pass => unreachable!("time does not end"),
        }
    }
}

impl Drop for Page<'_> {
    fn drop(&mut self) {
        self.script.close();
    }
}

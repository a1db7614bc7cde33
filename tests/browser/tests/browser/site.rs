//! A site of a few cached pages that notes what it is asked.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Html;
use axum::routing::get;
use cached_web::CacheLayer;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// A site on a free port. Stopped when it is dropped.
pub struct Site {
    base: String,
    layer: CacheLayer,
    asked: Arc<Mutex<Vec<Asked>>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// A request, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub path: String,
    /// Whether the browser had the page, and named its tag.
    pub has_tag: bool,
    pub status: u16,
}

impl Site {
    pub fn start() -> Self {
        let layer = CacheLayer::new(3600);
        let asked = Arc::new(Mutex::new(Vec::new()));
        let router = routes(layer.clone(), Arc::clone(&asked));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("an address"));
        let (stop, stopped) = oneshot::channel();
        let thread = thread::spawn(move || serve(listener, router, stopped));
        Self { base, layer, asked, stop: Some(stop), thread: Some(thread) }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// What was asked of a page so far.
    pub fn asked(&self, path: &str) -> Vec<Asked> {
        let asked = self.asked.lock().unwrap();
        asked.iter().filter(|asked| asked.path == path).cloned().collect()
    }

    /// Drops all cached pages.
    pub fn forget(&self) {
        self.layer.cache().clear();
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = self.stop.take().map(|stop| stop.send(()));
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(thread::panicking() || matches!(ended, Some(Ok(()))), "the site has failed");
    }
}

fn routes(layer: CacheLayer, asked: Arc<Mutex<Vec<Asked>>>) -> Router {
    let [visits, pages, others] = [const { AtomicU32::new(1) }; 3].map(Arc::new);
    let visit = async move || {
        let number = visits.fetch_add(1, Ordering::Relaxed);
        ([("set-cookie", format!("visitor={number}"))], Html(format!("visitor {number}")))
    };
    let numbered = |name: &'static str, runs: Arc<AtomicU32>| {
        async move || Html(format!("{name} {}", runs.fetch_add(1, Ordering::Relaxed)))
    };
    let note = from_fn(move |request: Request, next: Next| {
        let asked = Arc::clone(&asked);
        async move {
            let path = request.uri().path().to_owned();
            let has_tag = request.headers().contains_key("if-none-match");
            let response = next.run(request).await;
            let status = response.status().as_u16();
            asked.lock().unwrap().push(Asked { path, has_tag, status });
            response
        }
    });
    Router::new()
        .route("/visit", get(visit))
        .route("/page", get(numbered("page", pages)))
        .route("/other", get(numbered("other", others)))
        .layer(layer)
        .layer(note)
}

fn serve(listener: std::net::TcpListener, router: Router, stopped: oneshot::Receiver<()>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    // Connections that are open end with the runtime.
    runtime.expect("a runtime").block_on(async {
        listener.set_nonblocking(true).expect("a socket");
        let listener = TcpListener::from_std(listener).expect("a listener");
        tokio::select! {
            ended = axum::serve(listener, router).into_future() => ended.expect("a server"),
            _ = stopped => {}
        }
    });
}

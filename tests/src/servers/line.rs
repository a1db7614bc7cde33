//! A line to a server that can be cut as a network is: without a word to either side.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;

use super::process::free_port;

/// Passes on what connections say to a server, and what it answers.
pub struct Line {
    port: u16,
    /// How often it was cut. Connections from before the last time are silent.
    cuts: Arc<AtomicU32>,
    is_over: Arc<AtomicBool>,
}

impl Line {
    /// Leads to the server that listens on `server`.
    #[must_use]
    pub fn start(server: u16) -> Self {
        let port = free_port();
        let listener = TcpListener::bind(("127.0.0.1", port)).expect("the line begins");
        let (cuts, is_over) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
        let line = Self { port, cuts: Arc::clone(&cuts), is_over: Arc::clone(&is_over) };
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                if is_over.load(Ordering::Relaxed) {
                    return;
                }
                let far = TcpStream::connect(("127.0.0.1", server)).expect("the server is up");
                let number = cuts.load(Ordering::Relaxed);
                for (from, to) in [(&near, &far), (&far, &near)] {
                    let streams = from.try_clone().and_then(|from| Ok((from, to.try_clone()?)));
                    let (from, to) = streams.expect("a socket has two ends");
                    let cuts = Arc::clone(&cuts);
                    thread::spawn(move || {
                        pass(from, to, || cuts.load(Ordering::Relaxed) != number);
                    });
                }
            }
        });
        line
    }

    /// Where it begins, on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Silences all connections that there are. New ones work.
    pub fn cut(&self) {
        self.cuts.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        // Wakes the thread that waits for connections.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

/// Passes bytes on until either side ends. Once cut, it swallows them.
fn pass(mut from: TcpStream, mut to: TcpStream, is_cut: impl Fn() -> bool) {
    let mut buffer = [0; 4096];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        if !is_cut() && to.write_all(&buffer[..length]).is_err() {
            return;
        }
    }
    // The other side is told of the end, unless nobody is to hear anything.
    if !is_cut() {
        let _ = to.shutdown(std::net::Shutdown::Both);
    }
}

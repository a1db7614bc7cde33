//! A memcached server.

use super::process::{Process, free_port};

/// A memcached server on a port of its own.
pub struct Memcached {
    process: Process,
    port: u16,
}

impl Memcached {
    /// Starts a server.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts a server with further settings: `&["-m", "2"]`.
    #[must_use]
    pub fn start_with(settings: &[&str]) -> Self {
        let port = free_port();
        let number = port.to_string();
        // It refuses to run as root unless it is told who it is then.
        let basic = ["-l", "127.0.0.1", "-p", &number, "-U", "0", "-u", "root"];
        let args = basic.iter().chain(settings);
        Self { process: Process::start("memcached", port, args), port }
    }

    /// Where it listens, on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("memcached://127.0.0.1:{}", self.port)
    }

    /// Ends it without a warning.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Ends it where it runs, and starts it on the same port with nothing in it.
    pub fn restart(&mut self) {
        self.process.restart();
    }

    /// Stops it in its tracks: it still accepts connections, and says nothing.
    pub fn stop(&self) {
        self.process.signal("STOP");
    }

    /// Lets it go on.
    pub fn cont(&self) {
        self.process.signal("CONT");
    }
}

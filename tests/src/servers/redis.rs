//! A plain Redis server, which keeps nothing on disk.

use std::path::Path;

use super::process::{Directory, Process, free_port, run, try_run};
use super::wait_until;

/// A Redis server on a port of its own.
pub struct Redis {
    process: Process,
    port: u16,
    directory: Directory,
}

impl Redis {
    /// Starts a server.
    #[must_use]
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts a server with further settings: `&["--maxmemory", "2mb"]`.
    #[must_use]
    pub fn start_with(settings: &[&str]) -> Self {
        let (directory, port) = (Directory::new(), free_port());
        let number = port.to_string();
        let path = directory.path().display().to_string();
        let basic = [
            ["--port", &number],
            ["--bind", "127.0.0.1"],
            ["--dir", &path],
            ["--save", ""],
            ["--appendonly", "no"],
            ["--repl-diskless-sync-delay", "0"],
        ];
        let args = basic.iter().flatten().chain(settings);
        let redis = Self { process: Process::start("redis-server", port, args), port, directory };
        redis.wait_until_ready();
        redis
    }

    /// Where it listens, on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Its directory, by which it takes relative paths in its settings.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Ends it without a warning.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Ends it where it runs, and starts it on the same port with nothing in it.
    pub fn restart(&mut self) {
        self.process.restart();
        self.wait_until_ready();
    }

    /// Stops it in its tracks: it still accepts connections, and says nothing.
    pub fn stop(&self) {
        self.process.signal("STOP");
    }

    /// Lets it go on.
    pub fn cont(&self) {
        self.process.signal("CONT");
    }

    /// Runs a command on it, and returns what it answered, as text without the last line end.
    #[must_use]
    pub fn cli(&self, args: &[&str]) -> String {
        cli(self.port, args)
    }

    fn wait_until_ready(&self) {
        wait_until("redis-server answers", || self.cli(&["PING"]) == "PONG");
    }
}

/// Runs a command on the server at `port`. Once more if that closes the connection, as a server
/// does to everybody when it becomes the master or ceases to be.
pub(super) fn cli(port: u16, args: &[&str]) -> String {
    let port = port.to_string();
    let basic = ["-h", "127.0.0.1", "-p", &port];
    let all = || basic.iter().chain(args);
    let answer = try_run("redis-cli", all()).unwrap_or_else(|_| run("redis-cli", all()));
    answer.trim_end_matches('\n').to_owned()
}

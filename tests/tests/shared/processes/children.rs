//! Children as their parents see them, and the stores they share.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use cached_tests::servers::{Memcached, Redis};
use tempfile::TempDir;

use super::child::{ANSWER, CHILD};

/// How long a child may take to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A process of this binary that does as it is told. Killed when it is dropped.
pub(super) struct Process {
    child: Child,
    commands: ChildStdin,
    answers: Receiver<String>,
}

impl Process {
    /// Starts a process that keeps its shared entries where this URL says.
    pub(super) fn at(url: &str) -> Self {
        Self::start(|command| command.env("CACHE_URL", url))
    }

    /// Starts a process with this environment.
    pub(super) fn start(set_up: impl FnOnce(&mut Command) -> &mut Command) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("this binary has a path"));
        command.args(["--exact", "processes::child::child", "--nocapture", "--test-threads=1"]);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("CACHE_") {
                command.env_remove(name);
            }
        }
        set_up(command.env(CHILD, "1").stdin(Stdio::piped()).stdout(Stdio::piped()));
        let mut child = command.spawn().expect("a child starts");
        let commands = child.stdin.take().expect("it reads");
        let output = BufReader::new(child.stdout.take().expect("it writes"));
        let (sender, answers) = channel();
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                // The harness may not have ended its own line.
                if let Some((_, answer)) = line.split_once(ANSWER)
                    && sender.send(answer.to_owned()).is_err()
                {
                    return;
                }
            }
        });
        Self { child, commands, answers }
    }

    /// Gives a command whose answer is awaited later.
    pub(super) fn tell(&mut self, command: &str) {
        writeln!(self.commands, "{command}").expect("the child reads");
    }

    /// The next answer.
    pub(super) fn answer(&mut self) -> String {
        self.answers.recv_timeout(PATIENCE).expect("the child answers in time")
    }

    /// Gives a command, and returns its answer.
    pub(super) fn ask(&mut self, command: &str) -> String {
        self.tell(command);
        self.answer()
    }

    /// Starts a call that returns `value` after `body_ms`, and waits until its body runs.
    pub(super) fn begin(&mut self, function: &str, value: u64, body_ms: u64) {
        self.ask(&format!("say {value}"));
        self.ask(&format!("body {body_ms}"));
        self.ask(&format!("start {function} 1"));
        self.ask("entered");
    }

    /// Says what bodies return from now on, at once.
    pub(super) fn say(&mut self, value: u64) {
        self.ask(&format!("say {value}"));
        self.ask("body 0");
    }

    pub(super) fn call(&mut self, function: &str) -> u64 {
        self.ask(&format!("call {function} 1")).parse().expect("a value")
    }

    /// Ends it without a warning.
    pub(super) fn kill(&mut self) {
        // Either fails only where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Sends a signal by its name: `STOP`, `CONT`.
    pub(super) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args([format!("-{name}"), id]).status();
        assert!(status.is_ok_and(|status| status.success()), "the signal is sent");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A store that processes share.
pub(super) struct Place {
    pub(super) kind: &'static str,
    /// Patient: a busy machine is no failure of the store.
    pub(super) url: String,
    _server: Server,
}

#[expect(dead_code, reason = "held for as long as the place is used")]
enum Server {
    Files(TempDir),
    Redis(Redis),
    Memcached(Memcached),
}

/// How long operations may take, as a URL says it.
pub(super) const PATIENT: &str = "read_timeout=10s&write_timeout=10s&connect_timeout=10s";

impl Place {
    pub(super) fn all() -> [Self; 3] {
        [Self::files(), Self::redis(), Self::memcached()]
    }

    /// The same with memory in front of it.
    pub(super) fn tiered(self) -> Self {
        Self { url: format!("tiered+{}", self.url), ..self }
    }

    fn files() -> Self {
        let dir = tempfile::tempdir().expect("a directory is made");
        let url = format!("file://{}?{PATIENT}", dir.path().join("cache").display());
        Self { kind: "files", url, _server: Server::Files(dir) }
    }

    fn redis() -> Self {
        let redis = Redis::start();
        let url = format!("{}?{PATIENT}", redis.url());
        Self { kind: "redis", url, _server: Server::Redis(redis) }
    }

    fn memcached() -> Self {
        let memcached = Memcached::start();
        let url = format!("{}?{PATIENT}", memcached.url());
        Self { kind: "memcached", url, _server: Server::Memcached(memcached) }
    }
}

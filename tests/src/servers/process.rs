//! A server as a process: started, signalled, stopped; its directory and its port.

use std::ffi::OsStr;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io::{Error, ErrorKind};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio, id};
use std::sync::atomic::{AtomicU32, Ordering};

use super::wait_until;

/// Numbers directories.
static DIRECTORIES: AtomicU32 = AtomicU32::new(0);

/// A directory that is removed with all it holds.
pub(super) struct Directory(PathBuf);

impl Directory {
    pub(super) fn new() -> Self {
        let number = DIRECTORIES.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("cached-tests-{}-{number}", id()));
        fs::create_dir_all(&path).expect("a directory for a server is made");
        Self(path)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        // What is left is in the system's directory for such things.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A port that nobody has at present: below those that the system gives to connections, one of which
/// could otherwise have it once the server is to be started again.
pub(super) fn free_port() -> u16 {
    let random = RandomState::new();
    let ports = (0_u32..).map(|attempt| 10_000 + (random.hash_one(attempt) % 20_000) as u16);
    ports
        .take(1_000)
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .expect("a free port is found")
}

/// A running server.
pub(super) struct Process {
    command: Command,
    child: Child,
    port: u16,
}

impl Process {
    /// Starts a server, and waits until it listens on `port`.
    pub(super) fn start<T: AsRef<OsStr>>(
        program: &str,
        port: u16,
        args: impl IntoIterator<Item = T>,
    ) -> Self {
        let mut command = Command::new(program);
        command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = spawn(&mut command);
        let mut process = Self { command, child, port };
        process.wait_for_port();
        process
    }

    /// Ends the server without a warning.
    pub(super) fn kill(&mut self) {
        // Either fails only where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Ends the server, and starts it once more.
    pub(super) fn restart(&mut self) {
        self.kill();
        self.child = spawn(&mut self.command);
        self.wait_for_port();
    }

    /// Sends a signal by its name: `STOP`, `CONT`.
    pub(super) fn signal(&self, name: &str) {
        run("kill", [format!("-{name}"), self.child.id().to_string()]);
    }

    fn wait_for_port(&mut self) {
        let Self { command, child, port } = self;
        wait_until("a server listens", || {
            if let Ok(Some(status)) = child.try_wait() {
                panic!("{} ended at once: {status}", command.get_program().display());
            }
            TcpStream::connect(("127.0.0.1", *port)).is_ok()
        });
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(command: &mut Command) -> Child {
    command.spawn().unwrap_or_else(|error| missing(command, &error))
}

/// Runs a program to its end, and returns what it wrote.
pub(super) fn run<T: AsRef<OsStr>>(program: &str, args: impl IntoIterator<Item = T>) -> String {
    try_run(program, args).unwrap_or_else(|complaint| panic!("{program} failed: {complaint}"))
}

/// As [`run`], or what it complained of.
pub(super) fn try_run<T: AsRef<OsStr>>(
    program: &str,
    args: impl IntoIterator<Item = T>,
) -> Result<String, String> {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null());
    let output = command.output().unwrap_or_else(|error| missing(&command, &error));
    let written = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(written);
    }
    Err(written + &String::from_utf8_lossy(&output.stderr))
}

fn missing(command: &Command, error: &Error) -> ! {
    let program = command.get_program().display();
    match error.kind() {
        ErrorKind::NotFound => panic!("{program} is not installed; ./test.sh installs it"),
        _ => panic!("{program} cannot be started: {error}"),
    }
}

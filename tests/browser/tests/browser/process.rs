//! A server in a process of its own, which says where it listens. Stopped when it is dropped.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How long anything may take that a test waits for.
pub const BOUND: Duration = Duration::from_secs(30);

pub struct Process(Child);

impl Process {
    /// Starts a program, and waits for a line of its output of which `read` makes something.
    pub fn start<T: Send + 'static>(
        command: &mut Command,
        read: impl Fn(&str) -> Option<T> + Send + 'static,
    ) -> (Self, T) {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let program = command.get_program().display().to_string();
        let child = command.spawn();
        let mut child = child.unwrap_or_else(|error| {
            panic!(
                "{program} cannot be started: {error}; tests/browser/run.sh installs and builds it"
            )
        });
        let output = BufReader::new(child.stdout.take().expect("its output"));
        let process = Self(child);
        let (sender, found) = mpsc::channel();
        // Reads on to the end, so that the program never waits for a reader.
        thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if let Some(found) = read(&line) {
                    let _ = sender.send(found);
                }
            }
        });
        let found = found.recv_timeout(BOUND);
        (process, found.unwrap_or_else(|_| panic!("{program} does not say where it listens")))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Either fails only where it has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

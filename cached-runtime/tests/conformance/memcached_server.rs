//! A memcached of a test's own, on a free port of this machine.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

/// Ends when it is dropped, and when the test's process ends in whatever way.
pub struct MemcachedServer {
    port: u16,
    arguments: Vec<String>,
    running: Option<Running>,
}

struct Running {
    /// A shell that kills the server once its own input is closed.
    keeper: Child,
    pid: String,
}

const KEEPER: &str = r#"memcached "$@" & echo $!; cat >/dev/null; kill -9 $!; wait $!"#;

impl MemcachedServer {
    /// Starts one, and waits until it answers.
    pub fn start(arguments: &[&str]) -> Self {
        for _ in 0..10 {
            // The port is free now. Where another takes it before memcached does, try the next.
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            let port = listener.local_addr().unwrap().port();
            drop(listener);
            let arguments = arguments.iter().map(ToString::to_string).collect();
            let mut server = Self { port, arguments, running: None };
            if server.try_start() {
                return server;
            }
        }
        panic!("memcached does not start; is it installed?");
    }

    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// How many connections it has, that of this question included.
    pub fn connections(&self) -> usize {
        self.stat("curr_connections")
    }

    /// What it counts under a name.
    pub fn stat(&self, name: &str) -> usize {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        stream.write_all(b"stats\r\n").unwrap();
        let start = format!("STAT {name} ");
        let mut lines = BufReader::new(stream).lines();
        let count = lines.find_map(|line| line.unwrap().strip_prefix(&start)?.parse().ok());
        count.unwrap_or_else(|| panic!("the server tells no {name}"))
    }

    /// Kills it as by `kill -9`: connections are cut, entries are lost.
    pub fn kill(&mut self) {
        self.running = None;
    }

    /// Starts it again at the same port.
    pub fn restart(&mut self) {
        self.kill();
        assert!(self.try_start(), "memcached does not start again");
    }

    /// Stops it from answering, connections open.
    pub fn pause(&self) {
        self.signal("-STOP");
    }

    pub fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let pid = &self.running.as_ref().expect("the server runs").pid;
        let done = Command::new("kill").args([signal, pid]).status().unwrap();
        assert!(done.success(), "kill {signal} {pid}");
    }

    fn try_start(&mut self) -> bool {
        let port = self.port.to_string();
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER, "sh", "-l", "127.0.0.1", "-p", &port, "-U", "0", "-u", "nobody"])
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut pid = String::new();
        BufReader::new(keeper.stdout.take().unwrap()).read_line(&mut pid).unwrap();
        self.running = Some(Running { keeper, pid: pid.trim().to_owned() });
        let give_up = Instant::now() + Duration::from_secs(5);
        while Instant::now() < give_up {
            if TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok() {
                return true;
            }
            thread::sleep(Duration::from_millis(5));
        }
        self.running = None;
        false
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

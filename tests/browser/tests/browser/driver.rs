//! Chromium, told what to do by its driver: as much of the `WebDriver` protocol as the tests need.

use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::{BOUND, Process};

/// A browser that knows nothing yet. Ends when it is dropped.
pub struct Browser {
    // Dropped after the session has been ended, in this order.
    session: String,
    port: u16,
    _driver: Process,
    _profile: TempDir,
}

impl Browser {
    /// Starts a browser, with a driver of its own.
    pub fn start() -> Self {
        let mut command = Command::new("chromedriver");
        let (driver, port) = Process::start(command.arg("--port=0"), |line| {
            line.strip_prefix("ChromeDriver was started successfully on port ")?
                .trim_end_matches('.')
                .parse()
                .ok()
        });
        let profile = TempDir::new().expect("a directory");
        let directory = format!("--user-data-dir={}", profile.path().display());
        let args = ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", &directory];
        let options = json!({ "goog:chromeOptions": { "args": args } });
        let session =
            ask(port, "POST", "/session", &json!({ "capabilities": { "alwaysMatch": options } }));
        let session = session["sessionId"].as_str().expect("a session").to_owned();
        Self { session, port, _driver: driver, _profile: profile }
    }

    /// Opens a page, as if its address were typed.
    pub fn open(&self, url: &str) {
        self.tell("url", &json!({ "url": url }));
    }

    pub fn reload(&self) {
        self.tell("refresh", &json!({}));
    }

    pub fn back(&self) {
        self.tell("back", &json!({}));
    }

    pub fn forward(&self) {
        self.tell("forward", &json!({}));
    }

    /// What the page shows.
    pub fn text(&self) -> String {
        self.script("return document.body.innerText.trim()", &[])
    }

    pub fn cookie(&self) -> String {
        self.script("return document.cookie", &[])
    }

    /// What a field of a form holds.
    pub fn value(&self, name: &str) -> String {
        self.script("return document.getElementsByName(arguments[0])[0]?.value ?? ''", &[name])
    }

    /// Clicks on what a selector names.
    pub fn click(&self, selector: &str) {
        self.script("document.querySelector(arguments[0]).click(); return ''", &[selector]);
    }

    /// Fills in a field of a form, and sends it.
    pub fn submit(&self, form: &str, field: &str, value: &str) {
        let script = "const form = document.querySelector(arguments[0]);
            form.elements[arguments[1]].value = arguments[2];
            form.requestSubmit();
            return ''";
        self.script(script, &[form, field, value]);
    }

    /// Waits until the browser shows something, which it tells nobody.
    pub fn wait_for(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let end = Instant::now() + BOUND;
        while !is_so(self) {
            assert!(Instant::now() < end, "waited in vain for {what}: {}", self.text());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Runs a script in the page, and returns the text that it returns.
    fn script(&self, script: &str, arguments: &[&str]) -> String {
        let value = self.tell("execute/sync", &json!({ "script": script, "args": arguments }));
        value.as_str().unwrap_or_else(|| panic!("{script} returned {value}")).to_owned()
    }

    fn tell(&self, command: &str, body: &Value) -> Value {
        ask(self.port, "POST", &format!("/session/{}/{command}", self.session), body)
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Where that fails the test has failed already.
        let path = format!("/session/{}", self.session);
        let _ = try_ask(self.port, "DELETE", &path, &json!({}));
    }
}

fn ask(port: u16, method: &str, path: &str, body: &Value) -> Value {
    let answer = try_ask(port, method, path, body).expect("an answer of the driver");
    let value = answer["value"].clone();
    assert!(value.get("error").is_none(), "{method} {path}: {value}");
    value
}

/// Sends a command to the driver, and waits for what it answers.
fn try_ask(port: u16, method: &str, path: &str, body: &Value) -> std::io::Result<Value> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(BOUND))?;
    let body = body.to_string();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )?;
    // The driver leaves the connection open, whatever it is told.
    let mut answer = BufReader::new(stream);
    let (mut length, mut line) = (0, String::new());
    while line != "\r\n" {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or_default();
        }
        line.clear();
        if answer.read_line(&mut line)? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
    }
    let mut body = vec![0; length];
    answer.read_exact(&mut body)?;
    Ok(serde_json::from_slice(&body)?)
}

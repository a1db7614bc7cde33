//! A client that writes and reads bytes: for what libraries would tidy up, and for when bytes come.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::client::BOUND;

/// A connection.
pub struct Raw {
    stream: TcpStream,
    /// What came, and was not asked for yet.
    buffer: Vec<u8>,
}

/// The head of an answer, as it came: its first line, and then its fields.
#[derive(Debug)]
pub struct Head(Vec<Vec<u8>>);

impl Raw {
    pub async fn connect(address: SocketAddr) -> Self {
        let stream =
            timeout(BOUND, TcpStream::connect(address)).await.expect("a connection in time");
        Self { stream: stream.expect("a connection"), buffer: Vec::new() }
    }

    /// Sends a request. Lines of `fields` end with `\r\n`.
    pub async fn send(&mut self, method: &str, target: &str, fields: impl AsRef<[u8]>) {
        let head = format!("{method} {target} HTTP/1.1\r\nhost: site\r\n");
        self.write(&[head.as_bytes(), fields.as_ref(), b"\r\n"].concat()).await;
    }

    pub async fn write(&mut self, bytes: &[u8]) {
        let written = timeout(BOUND, self.stream.write_all(bytes)).await;
        written.expect("a reader").expect("a connection that takes bytes");
    }

    /// Reads the head of an answer.
    pub async fn head(&mut self) -> Head {
        loop {
            let end = self.buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n");
            if let Some(end) = end {
                let head: Vec<u8> = self.buffer.drain(..end + 4).collect();
                let lines = head[..end].split(|byte| *byte == b'\n');
                return Head(lines.map(|line| line.trim_ascii_end().to_vec()).collect());
            }
            assert!(self.read().await, "the connection ends before a head does: {:?}", self.rest());
        }
    }

    /// Reads so many bytes of a body.
    pub async fn body(&mut self, length: usize) -> Vec<u8> {
        while self.buffer.len() < length {
            assert!(self.read().await, "the connection ends within a body: {:?}", self.rest());
        }
        self.buffer.drain(..length).collect()
    }

    /// Reads to the end of the connection.
    pub async fn read_to_end(&mut self) -> Vec<u8> {
        while self.read().await {}
        std::mem::take(&mut self.buffer)
    }

    /// Waits for more bytes; false at the end.
    async fn read(&mut self) -> bool {
        let read = timeout(BOUND, self.stream.read_buf(&mut self.buffer)).await;
        // A connection that breaks is at its end.
        read.expect("bytes in time").unwrap_or_default() > 0
    }

    fn rest(&self) -> String {
        String::from_utf8_lossy(&self.buffer).into_owned()
    }
}

impl Head {
    pub fn status(&self) -> u16 {
        let text = std::str::from_utf8(&self.0[0]).expect("a first line");
        text.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status")
    }

    /// All lines of a field, in order.
    pub fn lines(&self, name: &str) -> Vec<&[u8]> {
        let fields = self.0[1..].iter().filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            Some((&line[..colon], line[colon + 1..].trim_ascii()))
        });
        let lines = fields.filter(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes()));
        lines.map(|(_, value)| value).collect()
    }

    /// A field that has one line, or none.
    #[track_caller]
    pub fn field(&self, name: &str) -> Option<&str> {
        let lines = self.lines(name);
        assert!(lines.len() < 2, "`{name}` has several lines: {self:?}");
        lines.first().map(|line| std::str::from_utf8(line).expect("a text"))
    }

    pub fn length(&self) -> usize {
        let length = self.field("content-length").and_then(|length| length.parse().ok());
        length.unwrap_or_else(|| panic!("no length: {self:?}"))
    }

    /// Whether the cache says this, as one of its parameters.
    pub fn says(&self, parameter: &str) -> bool {
        let said = self.field("cache-status").unwrap_or_default();
        said.split(';').skip(1).any(|said| said.trim() == parameter)
    }
}

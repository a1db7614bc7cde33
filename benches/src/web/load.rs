//! A client that asks for pages as fast as they come, over connections that stay open.
//!
//! One thread and a task for each connection: with a server that has one thread as well, either has a
//! core of two. It reads heads only for where a response ends. What it costs itself is measured with
//! each run; of what a process does besides the client, the server does all.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::pages::{PAGES, Size};

/// Connections at a time.
pub const CONNECTIONS: u32 = 8;

/// How long a run may take beyond its time.
const PATIENCE: Duration = Duration::from_secs(10);

/// Room for the longest response.
const ROOM: usize = 128 * 1024;

/// Whether visitors say what they have already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visitor {
    /// They have nothing.
    New,
    /// They send `If-None-Match` with the `ETag` that they got; where none came, with one that nothing
    /// has.
    Returning,
}

/// What a run came to.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// Responses a second.
    pub rate: f64,
    /// Half of the responses took at most so long.
    pub p50: Duration,
    /// 99 of 100 took at most so long.
    pub p99: Duration,
    /// Processor time of the server for each response.
    pub server: Duration,
    /// That of the client.
    pub client: Duration,
    /// The status of the last response.
    pub status: u16,
}

/// Asks `address` for pages for as long as `time`, on a thread of its own.
///
/// # Panics
/// Where the server fails.
#[must_use]
pub fn run(address: SocketAddr, size: Size, visitor: Visitor, time: Duration) -> Outcome {
    std::thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let crowd = crowd(address, size, visitor, time);
        runtime.block_on(async { timeout(time + PATIENCE, crowd).await? })
    })
    .join()
    .expect("the client does not panic")
    .expect("the server answers")
}

async fn crowd(
    address: SocketAddr,
    size: Size,
    visitor: Visitor,
    time: Duration,
) -> io::Result<Outcome> {
    let mut connections = Vec::new();
    for _ in 0..CONNECTIONS {
        let mut connection = Connection::open(address).await?;
        let requests = connection.requests(size, visitor).await?;
        connections.push((connection, requests));
    }
    let before = Spent::now();
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for (at, (mut connection, requests)) in connections.into_iter().enumerate() {
        tasks.spawn(async move {
            let mut times = Vec::new();
            let mut status = 0;
            let mut last = start;
            for request in requests.iter().cycle().skip(at) {
                status = connection.ask(request).await?.status;
                let now = Instant::now();
                times.push(now - last);
                last = now;
                if now - start >= time {
                    break;
                }
            }
            Ok::<_, io::Error>((times, status))
        });
    }
    let mut times = Vec::new();
    let mut status = 0;
    while let Some(task) = tasks.join_next().await {
        let (more, last) = task.map_err(io::Error::other)??;
        times.extend(more);
        status = last;
    }
    let elapsed = start.elapsed();
    let spent = before.until_now();
    times.sort_unstable();
    let count = u32::try_from(times.len()).unwrap_or(u32::MAX);
    Ok(Outcome {
        rate: f64::from(count) / elapsed.as_secs_f64(),
        p50: times[times.len() / 2],
        p99: times[times.len() * 99 / 100],
        server: spent.others / count,
        client: spent.own / count,
        status,
    })
}

/// Processor time: of this thread, and of all others.
struct Spent {
    own: Duration,
    others: Duration,
}

impl Spent {
    fn now() -> Self {
        let read = |clock| {
            let time = clock_gettime(clock);
            Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
        };
        let own = read(ClockId::ThreadCPUTime);
        Self { own, others: read(ClockId::ProcessCPUTime).saturating_sub(own) }
    }

    fn until_now(&self) -> Self {
        let now = Self::now();
        Self {
            own: now.own.saturating_sub(self.own),
            others: now.others.saturating_sub(self.others),
        }
    }
}

struct Connection {
    stream: TcpStream,
    buffer: Box<[u8]>,
}

/// What a client wants to know of a response.
struct Seen {
    status: u16,
    etag: Option<String>,
}

impl Connection {
    async fn open(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: vec![0; ROOM].into() })
    }

    /// One request for each page, in the words of a browser.
    async fn requests(&mut self, size: Size, visitor: Visitor) -> io::Result<Vec<String>> {
        let mut requests = Vec::new();
        for number in 0..PAGES {
            let request = |condition: &str| {
                format!(
                    "GET {} HTTP/1.1\r\nHost: shop.example\r\n\
                     User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n\
                     Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n\
                     Accept-Language: en-GB,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n\
                     Connection: keep-alive\r\nUpgrade-Insecure-Requests: 1\r\n{condition}\r\n",
                    size.target(number),
                )
            };
            let seen = self.ask(&request("")).await?;
            if seen.status != 200 {
                return Err(io::Error::other(format!("status {}", seen.status)));
            }
            let etag = seen.etag.unwrap_or_else(|| "W/\"0123456789abcdef\"".to_owned());
            requests.push(match visitor {
                Visitor::New => request(""),
                Visitor::Returning => request(&format!("If-None-Match: {etag}\r\n")),
            });
        }
        Ok(requests)
    }

    async fn ask(&mut self, request: &str) -> io::Result<Seen> {
        self.stream.write_all(request.as_bytes()).await?;
        self.answer().await
    }

    /// Reads one response to its end.
    async fn answer(&mut self) -> io::Result<Seen> {
        let mut filled = 0;
        let mut end = None;
        let mut head = None;
        loop {
            let read = self.stream.read(&mut self.buffer[filled..]).await?;
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            filled += read;
            let bytes = &self.buffer[..filled];
            if head.is_none()
                && let Some(length) = bytes.windows(4).position(|window| window == b"\r\n\r\n")
            {
                let (seen, body) = parse(&bytes[..length + 2])?;
                head = Some(seen);
                end = body.map(|body| length + 4 + body);
            }
            let is_whole = match end {
                Some(end) => filled >= end,
                None => head.is_some() && bytes.ends_with(b"\r\n0\r\n\r\n"),
            };
            if is_whole && let Some(seen) = head {
                return Ok(seen);
            }
        }
    }
}

/// Status and `ETag`, and the length of the body where it does not come in chunks.
fn parse(head: &[u8]) -> io::Result<(Seen, Option<usize>)> {
    let head = str::from_utf8(head).map_err(io::Error::other)?;
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.get(9..12)).and_then(|code| code.parse().ok());
    let status = status.ok_or(io::ErrorKind::InvalidData)?;
    let mut seen = Seen { status, etag: None };
    let mut length = None;
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok();
        } else if name.eq_ignore_ascii_case("etag") {
            seen.etag = Some(value.trim().to_owned());
        }
    }
    if status == 304 {
        length = Some(0);
    }
    Ok((seen, length))
}

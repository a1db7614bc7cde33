//! Drops what is under a prefix: memcached has no command for that, so the keys are listed.
//!
//! Never `flush_all`, which drops what others keep there.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use memcache::exp::{
    DeleteOptions, Error as ClientError, MetaConnection, ReturnCode, build_delete,
};

use crate::error::{Error, ErrorKind};

use super::is_key;
use super::servers::{BATCH, Server, Servers, converted};

/// Passes over the keys at most: each drops what came since the one before it began.
const PASSES: usize = 8;

/// How many passes in a row have to find nothing. The server moves entries from list to list while it reads
/// the lists, and may miss one that moves.
const EMPTY: usize = 2;

/// The server lists for one client at a time, and looks for expired entries of its own accord.
const BUSY: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// The server lists in the background, and may be slow to begin.
const SLOWEST: Duration = Duration::from_secs(2);

/// Longer than any line of the list.
const LINE: u64 = 4_096;

/// Drops every key under the prefix, on all servers. Returns how many.
///
/// A server that cannot be reached leaves the others to be purged, and is the error afterwards.
pub(super) fn purge(servers: &Servers, prefix: &str) -> Result<u64, Error> {
    let purged: Vec<_> = servers.iter().map(|server| purge_one(server, prefix)).collect();
    purged.into_iter().sum()
}

fn purge_one(server: &Server, prefix: &str) -> Result<u64, Error> {
    let (mut dropped, mut empty) = (0, 0);
    for _ in 0..PASSES {
        let keys = list(server, prefix)?;
        if keys.is_empty() {
            empty += 1;
            if empty == EMPTY {
                break;
            }
            thread::sleep(LOOK_AGAIN);
        } else {
            empty = 0;
            dropped += delete(server, &keys)?;
        }
    }
    Ok(dropped)
}

fn delete(server: &Server, keys: &[String]) -> Result<u64, Error> {
    let mut connection = MetaConnection::from_stream(server.connect()?);
    connection.set_io_timeout(Some(server.timeouts().write));
    let options = DeleteOptions::default();
    let mut dropped = 0;
    for keys in keys.chunks(BATCH) {
        let deletes: Result<Vec<_>, _> =
            keys.iter().map(|key| build_delete(key, &options)).collect();
        let answers =
            deletes.and_then(|deletes| connection.execute_batch(&deletes)).map_err(converted)?;
        dropped += answers.iter().filter(|answer| answer.rc() == ReturnCode::Hd).count() as u64;
    }
    Ok(dropped)
}

/// The keys of a server that are under the prefix and can be this store's.
fn list(server: &Server, prefix: &str) -> Result<Vec<String>, Error> {
    let stream = server.connect()?;
    let patience = server.timeouts().read.max(SLOWEST);
    let failed = |error| converted(ClientError::Io(error));
    stream.set_read_timeout(Some(patience)).map_err(failed)?;
    stream.set_write_timeout(Some(patience)).map_err(failed)?;
    let mut reader = BufReader::new(stream);

    let give_up = Instant::now() + BUSY;
    loop {
        match listed(&mut reader, prefix).map_err(failed)? {
            Listed::Keys(keys) => return Ok(keys),
            Listed::Busy if Instant::now() < give_up => thread::sleep(LOOK_AGAIN),
            Listed::Busy => {
                return Err(Error::new(ErrorKind::Timeout, "the server lists its keys for others"));
            }
            Listed::Refused(text) => return Err(Error::new(ErrorKind::Refused, text)),
        }
    }
}

enum Listed {
    Keys(Vec<String>),
    Busy,
    Refused(String),
}

fn listed(reader: &mut BufReader<TcpStream>, prefix: &str) -> io::Result<Listed> {
    reader.get_mut().write_all(b"lru_crawler metadump all\r\n")?;
    let mut keys = Vec::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        if reader.by_ref().take(LINE).read_until(b'\n', &mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let text = String::from_utf8_lossy(&line);
        match text.trim_end() {
            "END" => return Ok(Listed::Keys(keys)),
            text if text.starts_with("BUSY") || text.starts_with("ERROR locked") => {
                return Ok(Listed::Busy);
            }
            text => match text.strip_prefix("key=") {
                Some(entry) => keys.extend(own_key(entry, prefix)),
                None => return Ok(Listed::Refused(text.to_owned())),
            },
        }
    }
}

/// The key at the start of a listed entry, unless it is foreign.
///
/// The server escapes all but `A-Z a-z 0-9 - . _ ~`. Of that, keys of a store have only the colon.
fn own_key(entry: &str, prefix: &str) -> Option<String> {
    let key = entry.split(' ').next()?.replace("%3A", ":");
    key.strip_prefix(prefix).is_some_and(is_key).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_keys_of_the_store_are_taken_from_the_list() {
        let entry = "app%3Aload_user%3A1.5-x exp=-1 la=1 cas=1 fetch=no cls=1 size=74";
        assert_eq!(own_key(entry, "app:").as_deref(), Some("app:load_user:1.5-x"));
        for entry in ["app%3A exp=-1", "app%3Aa%20b exp=-1", "application%3Aa exp=-1", "", "a~"] {
            assert_eq!(own_key(entry, "app:"), None, "{entry:?}");
        }
    }
}

//! What becomes of answers that a real memcached gives rarely, or never: from one that is scripted.

use std::error::Error as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread;

use cached_runtime::store::{Guard, MemcachedOptions, MemcachedStore, Store};
use cached_runtime::{Error, ErrorKind};

use crate::callers::Caller;

const VALUE: &[u8] = &[b'v'; 30];

/// A store over a server that answers each command as it is told: with this text, or by closing the
/// connection where there is none. Gives the commands that came.
fn scripted(
    answer: impl FnMut(&str) -> Option<String> + Send + 'static,
) -> (MemcachedStore, Receiver<String>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, commands) = channel();
    let script = Arc::new(Mutex::new((answer, sender)));
    // Threads that end with the process, one a connection.
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (mut reader, script) = (BufReader::new(stream.unwrap()), Arc::clone(&script));
            thread::spawn(move || {
                while let Some(command) = next_command(&mut reader) {
                    let (answer, sender) = &mut *script.lock().unwrap();
                    let answer = answer(&command);
                    let _ = sender.send(command);
                    let Some(answer) = answer else { break };
                    if reader.get_mut().write_all(answer.as_bytes()).is_err() {
                        break;
                    }
                }
            });
        }
    });
    (MemcachedStore::new(MemcachedOptions::new([address]).prefix("t:")).unwrap(), commands)
}

/// The line of a command, past the value that follows an `ms`.
fn next_command(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut line = String::new();
    if reader.read_line(&mut line).ok()? == 0 {
        return None;
    }
    let command = line.trim_end().to_owned();
    if command.starts_with("ms ") {
        let length: usize = command.split(' ').nth(2)?.parse().ok()?;
        reader.read_exact(&mut vec![0; length + 2]).ok()?;
    }
    Some(command)
}

/// Answers the n-th command with the n-th text, and closes the connection where that is empty.
fn in_turn(answers: &[&str]) -> (MemcachedStore, Receiver<String>) {
    let mut answers: Vec<_> = answers.iter().rev().map(ToString::to_string).collect();
    scripted(move |_| answers.pop().filter(|answer| !answer.is_empty()))
}

fn found() -> String {
    format!("VA {} c5 f0\r\n{}\r\n", VALUE.len(), String::from_utf8_lossy(VALUE))
}

fn came(commands: &Receiver<String>) -> Vec<String> {
    commands.try_iter().collect()
}

fn failure<T: std::fmt::Debug>(answer: Result<T, Error>) -> (ErrorKind, String) {
    let error = answer.unwrap_err();
    (error.kind(), error.source().map(ToString::to_string).unwrap_or_default())
}

#[test]
fn a_read_on_a_connection_that_was_closed_is_asked_once_more() {
    for caller in Caller::all() {
        let (store, commands) = in_turn(&["", &found()]);
        assert_eq!(caller.wait(store.get("key")).unwrap().as_deref(), Some(VALUE));
        assert_eq!(came(&commands), ["mg t:key v f", "mg t:key v f"]);

        let (store, commands) = in_turn(&["", "", &found()]);
        assert_eq!(failure(caller.wait(store.get("key"))).0, ErrorKind::Unavailable);
        assert_eq!(came(&commands).len(), 2);
    }
}

#[test]
fn of_many_reads_those_without_an_answer_are_asked_once_more() {
    for caller in Caller::all() {
        let (store, commands) = in_turn(&["EN O0\r\n", "", "EN O0\r\n"]);
        assert_eq!(caller.wait(store.get_many(&["a", "b"])).unwrap(), [None, None]);
        assert_eq!(came(&commands), ["mg t:a v f O0", "mg t:b v f O1", "mg t:b v f O0"]);
    }
}

#[test]
fn a_write_that_may_have_been_done_is_not_done_again() {
    for caller in Caller::all() {
        let (store, commands) = in_turn(&["", "HD\r\n"]);
        assert_eq!(failure(caller.wait(store.set("key", VALUE, None))).0, ErrorKind::Unavailable);
        assert_eq!(came(&commands), ["ms t:key 30 T0"]);
    }
}

#[test]
fn a_swap_of_anything_that_loses_every_race_writes_without_comparing() {
    for caller in Caller::all() {
        let answer = |command: &str| match command {
            command if command.starts_with("mg") => Some(found()),
            command if command.contains(" C5") => Some("EX\r\n".to_owned()),
            _ => Some("HD\r\n".to_owned()),
        };
        let (store, commands) = scripted(answer);
        let swapped = caller.wait(store.swap("key", Guard::Any, Some(VALUE), None)).unwrap();
        assert!(swapped.done);
        assert_eq!(swapped.previous.as_deref(), Some(&VALUE[..24]));
        assert_eq!(came(&commands).last().unwrap(), "ms t:key 30 T0");

        let swap = store.swap("key", Guard::Head(VALUE), Some(VALUE), None);
        assert_eq!(failure(caller.wait(swap)).0, ErrorKind::Refused);
        assert!(came(&commands).iter().all(|command| !command.ends_with("T0")));
    }
}

#[test]
fn values_beside_one_that_is_refused_are_stored_one_by_one() {
    for caller in Caller::all() {
        let large = "SERVER_ERROR object too large for cache\r\n";
        let (store, commands) = in_turn(&["HD O0\r\n", large, "", large, "HD\r\n"]);
        let entries = [("a", VALUE), ("b", VALUE), ("c", VALUE)];
        let (kind, text) = failure(caller.wait(store.set_many(&entries, None)));
        assert_eq!((kind, text.as_str()), (ErrorKind::Refused, "object too large for cache"));
        let singles: Vec<_> =
            came(&commands).into_iter().filter(|line| !line.contains(" O")).collect();
        assert_eq!(singles, ["ms t:b 30 T0", "ms t:c 30 T0"]);
    }
}

#[test]
fn answers_that_make_no_sense_are_errors_and_no_panics() {
    for caller in Caller::all() {
        for (answer, kind) in [
            ("SERVER_ERROR out of memory storing object\r\n", ErrorKind::Refused),
            ("ERROR\r\n", ErrorKind::Protocol),
            ("CLIENT_ERROR bad command line format\r\n", ErrorKind::Protocol),
            ("HTTP/1.1 400 Bad Request\r\n", ErrorKind::Protocol),
            ("VA 99999999999999999999\r\n", ErrorKind::Protocol),
            ("VA -1\r\n", ErrorKind::Protocol),
            ("VA 3 c5\r\nabcdefgh", ErrorKind::Protocol),
            ("\r\n", ErrorKind::Protocol),
            ("\0\0\0\r\n", ErrorKind::Protocol),
            ("VA 30 c5\r\nshort\r\n", ErrorKind::Timeout),
            ("E", ErrorKind::Timeout),
        ] {
            let store = || scripted(move |_| Some(answer.to_owned())).0;
            assert_eq!(failure(caller.wait(store().get("key"))).0, kind, "{answer:?}");
            assert!(caller.wait(store().get_many(&["key", "other"])).is_err(), "{answer:?}");
            let swap = caller.wait(store().swap("key", Guard::Any, Some(VALUE), None));
            assert_eq!(failure(swap).0, kind, "{answer:?}");
        }
    }
}

#[test]
fn a_purge_waits_for_its_turn_and_takes_only_its_own() {
    for caller in Caller::all() {
        let busy = "BUSY currently processing crawler request\r\n";
        let list = "key=t%3Aa exp=-1 la=1 cas=1 fetch=no cls=1 size=74\r\n\
                key=other%3Ab exp=-1 la=1 cas=1 fetch=no cls=1 size=74\r\n\
                key=t%3A%0D%0A exp=-1 la=1 cas=1 fetch=no cls=1 size=74\r\nEND\r\n";
        let mut listed = 0;
        let (store, commands) = scripted(move |command| match command {
            "md t:a" => Some("HD\r\n".to_owned()),
            "lru_crawler metadump all" => {
                listed += 1;
                match listed {
                    1 | 2 => Some(busy.to_owned()),
                    3 => Some(list.to_owned()),
                    _ => Some("END\r\n".to_owned()),
                }
            }
            _ => None,
        });
        assert_eq!(caller.wait(store.purge()).unwrap(), 1);
        let deleted: Vec<_> = came(&commands).into_iter().filter(|c| c.starts_with("md")).collect();
        assert_eq!(deleted, ["md t:a"]);

        let (store, _) = scripted(|_| Some("ERROR lru crawler disabled\r\n".to_owned()));
        let (kind, text) = failure(caller.wait(store.purge()));
        assert_eq!((kind, text.as_str()), (ErrorKind::Refused, "ERROR lru crawler disabled"));
        let (store, _) = scripted(|_| Some("x".repeat(10_000)));
        assert_eq!(failure(caller.wait(store.purge())).0, ErrorKind::Refused);
    }
}

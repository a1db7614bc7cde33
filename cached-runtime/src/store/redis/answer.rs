//! What an answer of the server means: a value, or which sort of failure.
//!
//! No message made here holds a payload.

use ::redis::{ErrorKind as Kind, RedisError, ServerErrorKind, Value};

use crate::error::{Error, ErrorKind};

/// Sorts a failure.
pub(super) fn failure(error: RedisError) -> Error {
    Error::new(sort(&error), error)
}

fn sort(error: &RedisError) -> ErrorKind {
    if error.is_timeout() {
        return ErrorKind::Timeout;
    }
    match error.kind() {
        Kind::Io
        | Kind::ClusterConnectionNotFound
        | Kind::MasterNameNotFoundBySentinel
        // A name that resolves to nothing, which may be mended while the program runs.
        | Kind::InvalidClientConfig
        | Kind::Server(
            ServerErrorKind::BusyLoading
            | ServerErrorKind::ClusterDown
            | ServerErrorKind::MasterDown
            | ServerErrorKind::TryAgain,
        ) => ErrorKind::Unavailable,
        Kind::AuthenticationFailed
        // A member of a Cluster that was taken for a server of its own.
        | Kind::Server(
            ServerErrorKind::Ask
            | ServerErrorKind::Moved
            | ServerErrorKind::NoPerm
            | ServerErrorKind::ReadOnly,
        ) => ErrorKind::Refused,
        _ => match error.code() {
            Some("OOM" | "MISCONF" | "NOREPLICAS" | "NOAUTH" | "WRONGPASS" | "DENIED") => {
                ErrorKind::Refused
            }
            Some("BUSY") => ErrorKind::Unavailable,
            Some("ERR") if error.detail().is_some_and(is_crowded) => ErrorKind::Unavailable,
            _ => ErrorKind::Protocol,
        },
    }
}

fn is_crowded(detail: &str) -> bool {
    detail.starts_with("max number of clients")
}

/// Whether the connection is of no use any more: broken, late, or out of step.
pub(super) fn breaks_connection(error: &RedisError) -> bool {
    matches!(
        error.kind(),
        Kind::Io | Kind::Parse | Kind::AuthenticationFailed | Kind::ClusterConnectionNotFound
    )
}

/// Whether the other side closed the connection, and gave no answer.
pub(super) fn is_gone(error: &RedisError) -> bool {
    error.is_connection_dropped()
}

/// Whether a replica answered, which did nothing of what it was asked.
pub(super) fn is_read_only(error: &RedisError) -> bool {
    error.kind() == Kind::Server(ServerErrorKind::ReadOnly)
}

/// Whether the key holds a list or the like, which none of us has put there.
pub(super) fn is_wrong_type(error: &RedisError) -> bool {
    error.code() == Some("WRONGTYPE")
}

/// Whether the server has no room for more.
pub(super) fn is_out_of_memory(error: &RedisError) -> bool {
    error.code() == Some("OOM")
}

/// Whether the server does not know a script by its hash, and so did nothing.
pub(super) fn is_unknown_script(error: &RedisError) -> bool {
    error.kind() == Kind::Server(ServerErrorKind::NoScript)
}

/// The error of an answer that should be there and is not.
pub(super) fn missing() -> RedisError {
    RedisError::from((Kind::UnexpectedReturnType, "the answer is missing"))
}

/// Checks that there are as many answers as there were questions.
pub(super) fn expect(wanted: usize, answers: &[Value]) -> Result<(), Error> {
    if answers.len() == wanted {
        return Ok(());
    }
    let message = format!("{} answers to {wanted} questions", answers.len());
    Err(Error::new(ErrorKind::Protocol, message))
}

/// The bytes under a key, if any.
pub(super) fn bytes(answer: Value) -> Result<Option<Vec<u8>>, Error> {
    match answer {
        Value::Nil => Ok(None),
        Value::BulkString(bytes) => Ok(Some(bytes)),
        other => Err(odd("bytes or nothing", &other)),
    }
}

/// That it was done.
pub(super) fn done(answer: &Value) -> Result<(), Error> {
    match answer {
        Value::Okay => Ok(()),
        other => Err(odd("OK", other)),
    }
}

/// How many.
pub(super) fn count(answer: &Value) -> Result<u64, Error> {
    match answer {
        Value::Int(count) if *count >= 0 => Ok(count.unsigned_abs()),
        other => Err(odd("a number", other)),
    }
}

/// The error of an answer of another form than `wanted`.
pub(super) fn odd(wanted: &str, answer: &Value) -> Error {
    let form = match answer {
        Value::Nil => "nothing",
        Value::Int(_) => "a number",
        Value::BulkString(_) => "bytes",
        Value::Array(_) => "a list",
        Value::SimpleString(_) | Value::Okay => "a status",
        _ => "something else",
    };
    Error::new(ErrorKind::Protocol, format!("expected {wanted}, found {form}"))
}

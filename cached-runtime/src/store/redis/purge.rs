//! Drops everything under a prefix: a pass over the keys of each server that has any.

use std::sync::Arc;

use ::redis::{Cmd, Connection, RedisResult, Value, cmd};

use super::target::Link;
use super::{Core, answer, may_block};
use crate::error::Error;

/// Keys that the server looks at before it answers.
const STEP: u32 = 1_000;

/// See [`Store::purge`](super::Store::purge).
pub(super) async fn purge(core: &Arc<Core>) -> Result<u64, Error> {
    if may_block() {
        return purge_all(core);
    }
    let core = Arc::clone(core);
    ::blocking::unblock(move || purge_all(&core)).await
}

/// On connections of its own, since a Cluster's goes to a node of its choice.
fn purge_all(core: &Core) -> Result<u64, Error> {
    let masters = core.target.connect_masters(core.timeouts).map_err(answer::failure)?;
    masters.into_iter().map(|master| purge_one(master, &core.prefix)).sum()
}

fn purge_one(master: Connection, prefix: &str) -> Result<u64, Error> {
    let mut link = Link::Node(master);
    let pattern = pattern(prefix);
    let (mut cursor, mut purged) = (b"0".to_vec(), 0);
    loop {
        let mut scan = cmd("SCAN");
        scan.arg(&cursor).arg("MATCH").arg(&pattern).arg("COUNT").arg(STEP);
        let found = link.run(&[scan]).and_then(page).map_err(answer::failure)?;
        cursor = found.0;
        // A pattern that were ever read otherwise must not cost a foreign key.
        let own = found.1.into_iter().filter(|key| key.starts_with(prefix.as_bytes()));
        let unlink = |key: Vec<u8>| cmd("UNLINK").arg(key).clone();
        let commands: Vec<Cmd> = own.map(unlink).collect();
        if !commands.is_empty() {
            let answers = link.run(&commands).map_err(answer::failure)?;
            purged += answers.iter().map(answer::count).sum::<Result<u64, _>>()?;
        }
        if cursor == b"0" {
            return Ok(purged);
        }
    }
}

/// An answer to `SCAN`: where to go on, and the keys found.
fn page(mut answers: Vec<Value>) -> RedisResult<(Vec<u8>, Vec<Vec<u8>>)> {
    let Some(Value::Array(parts)) = answers.pop() else { return Err(answer::missing()) };
    match <[Value; 2]>::try_from(parts) {
        Ok([Value::BulkString(cursor), Value::Array(keys)]) => {
            let keys = keys.into_iter().filter_map(|key| match key {
                Value::BulkString(key) => Some(key),
                _ => None,
            });
            Ok((cursor, keys.collect()))
        }
        _ => Err(answer::missing()),
    }
}

/// The pattern of what begins with `prefix`, whatever characters that has.
fn pattern(prefix: &str) -> String {
    let mut pattern = String::with_capacity(prefix.len() + 1);
    for character in prefix.chars() {
        if matches!(character, '*' | '?' | '[' | ']' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('*');
    pattern
}

#[cfg(test)]
mod tests {
    use super::pattern;

    #[test]
    fn a_pattern_takes_the_prefix_by_the_letter() {
        assert_eq!(pattern("app:"), "app:*");
        assert_eq!(pattern(r"a*b?[c]\d"), r"a\*b\?\[c\]\\d*");
    }
}

//! Compare and change in one step: a script, which the server runs between all other commands.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use ::redis::{Cmd, RedisResult, Script, Value, cmd};

use super::{Again, Core, Guard, Request, Swapped, answer, milliseconds};
use crate::error::Error;

/// Knows its own hash, by which servers that ran it once find it.
static SCRIPT: LazyLock<Script> = LazyLock::new(|| Script::new(SOURCE));
const SOURCE: &str = include_str!("swap.lua");

/// See [`Store::swap`](super::Store::swap).
pub(super) async fn swap(
    core: &Arc<Core>,
    key: &str,
    guard: Guard<'_>,
    value: Option<&[u8]>,
    timeout: Option<Duration>,
) -> Result<Swapped, Error> {
    let command = |name: &str, script: &str| {
        let mut command = cmd(name);
        let (guard, head): (_, &[u8]) = match guard {
            Guard::Any => ("any", &[]),
            Guard::Absent => ("absent", &[]),
            Guard::Head(head) => ("head", head),
        };
        command.arg(script).arg(1).arg(core.name(key)).arg(guard).arg(head);
        if let Some(value) = value {
            command.arg(value);
            if let Some(timeout) = timeout.and_then(milliseconds) {
                command.arg(timeout);
            }
        }
        command
    };
    let answer = match run(core, command("EVALSHA", SCRIPT.get_hash())).await {
        Err(error) if answer::is_unknown_script(&error) => run(core, command("EVAL", SOURCE)).await,
        answer => answer,
    };
    swapped(answer.map_err(answer::failure)?)
}

async fn run(core: &Arc<Core>, command: Cmd) -> RedisResult<Value> {
    let mut answers = core.run(Request::new(vec![command], Again::Harmful)).await?;
    answers.pop().ok_or_else(answer::missing)
}

fn swapped(answer: Value) -> Result<Swapped, Error> {
    let Value::Array(parts) = answer else { return Err(answer::odd("a list", &answer)) };
    answer::expect(2, &parts)?;
    let mut parts = parts.into_iter();
    let done = answer::count(&parts.next().unwrap_or_default())? > 0;
    Ok(Swapped { done, previous: answer::bytes(parts.next().unwrap_or_default())? })
}

//! The one table of the arguments' names: how each is written, which attribute knows it, and what
//! it is called elsewhere.

use super::{Arg, Value};
use crate::attribute::Attribute;
use crate::diagnostics::did_you_mean;

/// How an argument is written.
#[derive(Clone, Copy)]
enum Form {
    /// `shared`
    Flag,
    /// `timeout = 300`, with a value to write there
    Value(&'static str),
    /// `skip(a, b)`
    List,
    /// `lease` or `lease = "10s"`, with a value to write there
    FlagOrValue(&'static str),
    /// `handle`, `handle = name` or `handle(impl)`
    Any,
}

/// Which attributes know an argument.
type Known = &'static [Attribute];

const BOTH: Known = &[Attribute::Cached, Attribute::Response];
const CACHED: Known = &[Attribute::Cached];
const RESPONSE: Known = &[Attribute::Response];

const TABLE: &[(&str, Form, Known)] = &[
    ("timeout", Form::Value("300"), BOTH),
    ("key", Form::Value("\"user:{id}\""), BOTH),
    ("skip", Form::List, BOTH),
    ("tags", Form::List, BOTH),
    ("capacity", Form::Value("10_000"), CACHED),
    ("capacity", Form::Value("\"64MiB\""), RESPONSE),
    ("weigh", Form::Value("|value| .."), CACHED),
    ("unless", Form::Value(".."), BOTH),
    ("refresh", Form::Value(".."), BOTH),
    ("store_if", Form::Value("|value| .."), CACHED),
    ("store_if", Form::Value("|response| .."), RESPONSE),
    ("timeout_of", Form::Value("|value| .."), CACHED),
    ("timeout_of", Form::Value("|response| .."), RESPONSE),
    ("err_timeout", Form::Value("\"10s\""), CACHED),
    ("err_if", Form::Value("|error| .."), CACHED),
    ("none_timeout", Form::Value("\"10s\""), CACHED),
    ("stale", Form::Value("\"1m\""), BOTH),
    ("stale_if_error", Form::Value("\"1h\""), BOTH),
    ("stale_if", Form::Value("|error| .."), CACHED),
    ("stale_if", Form::Value("|response| .."), RESPONSE),
    ("throttle", Form::Value("\"10s\""), BOTH),
    ("refresh_ahead", Form::Value("0.8"), BOTH),
    ("early", Form::Value("1.0"), BOTH),
    ("jitter", Form::Value("0.1"), BOTH),
    ("soft_timeout", Form::Value("\"100ms\""), BOTH),
    ("hard_timeout", Form::Value("\"2s\""), BOTH),
    ("on_timeout", Form::Value(".."), CACHED),
    ("max_background", Form::Value("64"), BOTH),
    ("coalesce", Form::Value("false"), BOTH),
    ("wait_timeout", Form::Value("\"30s\""), BOTH),
    ("lead_timeout", Form::Value("\"60s\""), BOTH),
    ("shared", Form::Flag, BOTH),
    ("store", Form::Value("\"sessions\""), BOTH),
    ("local", Form::Value("\"10s\""), BOTH),
    ("lease", Form::FlagOrValue("\"10s\""), BOTH),
    ("name", Form::Value("\"users\""), BOTH),
    ("version", Form::Value("2"), BOTH),
    ("handle", Form::Any, BOTH),
    ("crate", Form::Value("path"), BOTH),
    ("per", Form::Value("user.id"), RESPONSE),
    ("vary", Form::List, RESPONSE),
    ("ignore_query", Form::List, RESPONSE),
    ("only_query", Form::List, RESPONSE),
    ("host", Form::Value("false"), RESPONSE),
    ("credentials", Form::Value("\"ignore\""), RESPONSE),
    ("max_body", Form::Value("\"2MiB\""), RESPONSE),
    ("stream", Form::Value("\"tee\""), RESPONSE),
    ("not_found_timeout", Form::Value("\"10s\""), RESPONSE),
    ("etag", Form::Value("\"strong\""), RESPONSE),
    ("cache_status", Form::Value("false"), RESPONSE),
    ("cache_control", Form::Value("\"public, max-age=60\""), RESPONSE),
    ("client_refresh", Form::Value("true"), RESPONSE),
];

/// What our arguments are called elsewhere.
const ELSEWHERE: &[(&str, &str)] = &[
    ("ttl", "timeout"),
    ("ttl_secs", "timeout"),
    ("time", "timeout"),
    ("expire", "timeout"),
    ("expires", "timeout"),
    ("size", "capacity"),
    ("maxsize", "capacity"),
    ("max_size", "capacity"),
    ("max_capacity", "capacity"),
    ("threshold", "capacity"),
    ("convert", "key"),
    ("make_name", "key"),
    ("ignore", "skip"),
    ("exclude", "skip"),
    ("args_to_ignore", "skip"),
    ("sync_writes", "coalesce"),
    ("condition", "store_if"),
    ("cache_if", "store_if"),
    ("response_filter", "store_if"),
    ("result", "store_if"),
    ("option", "store_if"),
    ("cache_none", "none_timeout"),
    ("force_refresh", "refresh"),
    ("forced_update", "refresh"),
    ("share", "shared"),
    ("remote", "shared"),
    ("external", "shared"),
    ("distributed", "shared"),
    ("store_name", "store"),
    ("cache", "store"),
    ("tier", "local"),
    ("tiered", "local"),
    ("memory", "local"),
    ("local_timeout", "local"),
    ("local_ttl", "local"),
    ("lock", "lease"),
    ("lock_timeout", "lease"),
    ("distributed_lock", "lease"),
    ("stale_while_revalidate", "stale"),
    ("swr", "stale"),
    ("max_stale", "stale"),
    ("stale_ttl", "stale"),
    ("background_refresh", "stale"),
    ("fail_safe", "stale_if_error"),
    ("grace", "stale_if_error"),
    ("grace_period", "stale_if_error"),
    ("fallback", "stale_if_error"),
    ("fail_safe_throttle", "throttle"),
    ("backoff", "throttle"),
    ("eager_refresh", "refresh_ahead"),
    ("eager_refresh_threshold", "refresh_ahead"),
    ("refresh_after", "refresh_ahead"),
    ("refresh_threshold", "refresh_ahead"),
    ("beta", "early"),
    ("xfetch", "early"),
    ("early_expiration", "early"),
    ("jitter_max_duration", "jitter"),
    ("ttl_jitter", "jitter"),
    ("factory_soft_timeout", "soft_timeout"),
    ("factory_hard_timeout", "hard_timeout"),
    ("load_timeout", "hard_timeout"),
    ("max_refreshes", "max_background"),
];

/// What only arguments about responses are called elsewhere.
const ELSEWHERE_OF_RESPONSES: &[(&str, &str)] = &[
    ("body_limit", "max_body"),
    ("max_body_size", "max_body"),
    ("vary_on_headers", "vary"),
    ("vary_headers", "vary"),
    ("headers", "vary"),
    ("user", "per"),
    ("identity", "per"),
    ("ignore_params", "ignore_query"),
    ("query_params", "only_query"),
    ("not_found", "not_found_timeout"),
    ("negative_ttl", "not_found_timeout"),
];

/// Places of entries, which other attributes name and ours leaves to the running program.
const PLACES: &[&str] = &[
    "backend",
    "cache_type",
    "disk",
    "disk_dir",
    "file",
    "filesystem",
    "memcache",
    "memcached",
    "redis",
    "redis_url",
    "url",
];

/// Settings of a store, which the running program makes.
const SETTINGS: &[&str] =
    &["codec", "compress", "compression", "key_prefix", "prefix", "serializer"];

/// What stands in for an argument of `#[cached]` where responses are cached.
const OF_RESPONSES: &[(&str, &str)] = &[
    ("weigh", "responses are weighed in bytes; remove `weigh`"),
    (
        "err_timeout",
        "responses are stored by their status; write `not_found_timeout = ..` for 404 and 410, or remove `err_timeout`",
    ),
    ("err_if", "responses are stored by their status; write `store_if = |response| ..`"),
    (
        "none_timeout",
        "responses are stored by their status; write `not_found_timeout = ..` for 404 and 410, or remove `none_timeout`",
    ),
    (
        "on_timeout",
        "a handler that exceeds `hard_timeout` is answered `504 Gateway Timeout`; remove `on_timeout`",
    ),
];

/// What is wrong with an argument, given those before it.
pub(super) fn problem(arg: &Arg, before: &[Arg], attribute: Attribute) -> Option<String> {
    let name = arg.name.to_string();
    let mut rows = TABLE.iter().filter(|(known, ..)| *known == name);
    if rows.clone().next().is_none() {
        return Some(format!("unknown argument `{name}`; {}", remedy(&name, attribute)));
    }
    let Some((_, form, _)) = rows.find(|(_, _, known)| known.contains(&attribute)) else {
        return Some(misplaced(&name, attribute));
    };
    if before.iter().any(|arg| arg.name == name) {
        return Some(format!("duplicate argument `{name}`; remove one"));
    }
    match (form, &arg.value) {
        (Form::Flag, Value::Expr(_) | Value::List(_)) => {
            Some(format!("`{name}` takes no value; write `{name}`"))
        }
        (Form::FlagOrValue(example), Value::List(_)) => {
            Some(format!("`{name}` takes a value or none; write `{name}` or `{name} = {example}`"))
        }
        (Form::Value(example), Value::Flag | Value::List(_)) => {
            Some(format!("`{name}` takes a value; write `{name} = {example}`"))
        }
        (Form::List, Value::Flag | Value::Expr(_)) => {
            Some(format!("`{name}` takes a list; write `{name}(..)`"))
        }
        _ => None,
    }
}

/// What is wrong with an argument that only the other attribute knows.
fn misplaced(name: &str, attribute: Attribute) -> String {
    match (attribute, OF_RESPONSES.iter().find(|(known, _)| *known == name)) {
        (Attribute::Response, Some((_, instead))) => (*instead).to_owned(),
        (Attribute::Response, None) => {
            format!("`{name}` is an argument of `#[cached]`; remove it")
        }
        (Attribute::Cached, _) => {
            format!(
                "`{name}` is an argument of `#[cached_response]`; write that attribute, or remove `{name}`"
            )
        }
    }
}

/// What to write for a name that is unknown.
fn remedy(name: &str, attribute: Attribute) -> String {
    if PLACES.contains(&name) {
        return "write `shared`, and say in the configuration where entries go".to_owned();
    }
    if SETTINGS.contains(&name) {
        return "remove it, and set it for the store, in the configuration".to_owned();
    }
    let named = |(elsewhere, _): &&(&str, &str)| *elsewhere == name;
    let elsewhere = match attribute {
        Attribute::Cached => ELSEWHERE.iter().find(named),
        Attribute::Response => ELSEWHERE_OF_RESPONSES.iter().chain(ELSEWHERE).find(named),
    };
    if let Some((_, ours)) = elsewhere {
        return format!("did you mean `{ours}`?");
    }
    let known = TABLE.iter().filter(|(_, _, known)| known.contains(&attribute));
    did_you_mean(name, known.map(|(known, ..)| *known))
}

//! The syntax of the attribute's arguments, and the one table of their names.

use proc_macro2::{Ident, Span, TokenStream};
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::{Expr, Token, parenthesized};

use crate::diagnostics::{Errors, did_you_mean};

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

const TABLE: &[(&str, Form)] = &[
    ("timeout", Form::Value("300")),
    ("key", Form::Value("\"user:{id}\"")),
    ("skip", Form::List),
    ("tags", Form::List),
    ("capacity", Form::Value("10_000")),
    ("weigh", Form::Value("|value| ..")),
    ("unless", Form::Value("..")),
    ("refresh", Form::Value("..")),
    ("store_if", Form::Value("|value| ..")),
    ("timeout_of", Form::Value("|value| ..")),
    ("err_timeout", Form::Value("\"10s\"")),
    ("err_if", Form::Value("|error| ..")),
    ("none_timeout", Form::Value("\"10s\"")),
    ("stale", Form::Value("\"1m\"")),
    ("stale_if_error", Form::Value("\"1h\"")),
    ("stale_if", Form::Value("|error| ..")),
    ("throttle", Form::Value("\"10s\"")),
    ("refresh_ahead", Form::Value("0.8")),
    ("early", Form::Value("1.0")),
    ("jitter", Form::Value("0.1")),
    ("soft_timeout", Form::Value("\"100ms\"")),
    ("hard_timeout", Form::Value("\"2s\"")),
    ("on_timeout", Form::Value("..")),
    ("max_background", Form::Value("64")),
    ("coalesce", Form::Value("false")),
    ("wait_timeout", Form::Value("\"30s\"")),
    ("lead_timeout", Form::Value("\"60s\"")),
    ("shared", Form::Flag),
    ("store", Form::Value("\"sessions\"")),
    ("local", Form::Value("\"10s\"")),
    ("lease", Form::FlagOrValue("\"10s\"")),
    ("name", Form::Value("\"users\"")),
    ("version", Form::Value("2")),
    ("handle", Form::Any),
    ("crate", Form::Value("::cached_runtime")),
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

/// The arguments, each there at most once.
pub(crate) struct Args {
    list: Vec<Arg>,
    /// Whether all of them were understood. Where not, what seems to be missing may be there.
    pub(crate) is_complete: bool,
}

struct Arg {
    name: Ident,
    value: Value,
}

pub(crate) enum Value {
    /// Nothing follows the name.
    Flag,
    Expr(Expr),
    List(TokenStream),
}

impl Args {
    /// Takes an argument out.
    pub(crate) fn take(&mut self, name: &str) -> Option<(Ident, Value)> {
        let idx = self.list.iter().position(|arg| arg.name == name)?;
        let arg = self.list.swap_remove(idx);
        Some((arg.name, arg.value))
    }

    /// Takes an argument of the form `name = value` out.
    pub(crate) fn take_value(&mut self, name: &str) -> Option<(Ident, Expr)> {
        match self.take(name)? {
            (name, Value::Expr(expr)) => Some((name, expr)),
            _ => None,
        }
    }

    /// The value of an argument of the form `name = value`.
    pub(crate) fn value(&self, name: &str) -> Option<&Expr> {
        match &self.list.iter().find(|arg| arg.name == name)?.value {
            Value::Expr(expr) => Some(expr),
            _ => None,
        }
    }

    /// The place of an argument.
    pub(crate) fn span(&self, name: &str) -> Option<Span> {
        self.list.iter().find(|arg| arg.name == name).map(|arg| arg.name.span())
    }
}

/// Reads the arguments as far as they can be understood.
pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Args {
    let mut args = Args { list: Vec::new(), is_complete: true };
    let parser = |input: ParseStream<'_>| {
        while !input.is_empty() {
            let arg = arg(input)?;
            if let Some(problem) = problem(&arg, &args.list) {
                errors.at(&arg.name, problem);
                args.is_complete = false;
            } else {
                args.list.push(arg);
            }
            if !input.is_empty() {
                input.parse::<Token![,]>().map_err(|error| {
                    syn::Error::new(error.span(), "expected `,` between two arguments")
                })?;
            }
        }
        Ok(())
    };
    if let Err(error) = parser.parse2(tokens) {
        errors.absorb::<()>(Err(error.into()));
        args.is_complete = false;
    }
    args
}

fn arg(input: ParseStream<'_>) -> syn::Result<Arg> {
    if !input.peek(Ident::peek_any) {
        return Err(input.error(
            "expected the name of an argument, such as `timeout = 300` or `key = \"user:{id}\"`",
        ));
    }
    let name = input.call(Ident::parse_any)?;
    let value = if input.is_empty() || input.peek(Token![,]) {
        Value::Flag
    } else if input.peek(syn::token::Paren) {
        let list;
        parenthesized!(list in input);
        Value::List(list.parse()?)
    } else if input.peek(Token![=]) {
        let equals: Token![=] = input.parse()?;
        if input.is_empty() || input.peek(Token![,]) {
            return Err(syn::Error::new_spanned(
                equals,
                format!("expected a value after `{name} =`"),
            ));
        }
        Value::Expr(input.parse()?)
    } else {
        return Err(input.error(format!("expected `=` after `{name}`, as in `{name} = ..`")));
    };
    Ok(Arg { name, value })
}

/// What is wrong with an argument, given those before it.
fn problem(arg: &Arg, before: &[Arg]) -> Option<String> {
    let name = arg.name.to_string();
    let Some((_, form)) = TABLE.iter().find(|(known, _)| *known == name) else {
        return Some(format!("unknown argument `{name}`; {}", remedy(&name)));
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

/// What to write for a name that is unknown.
fn remedy(name: &str) -> String {
    if PLACES.contains(&name) {
        return "write `shared`, and say in the configuration where entries go".to_owned();
    }
    if SETTINGS.contains(&name) {
        return "remove it, and set it for the store, in the configuration".to_owned();
    }
    if let Some((_, ours)) = ELSEWHERE.iter().find(|(elsewhere, _)| *elsewhere == name) {
        return format!("did you mean `{ours}`?");
    }
    did_you_mean(name, TABLE.iter().map(|(known, _)| *known))
}

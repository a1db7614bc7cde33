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
    /// `timeout = 300`
    Value,
    /// `skip(a, b)`
    List,
    /// `lease` or `lease = "10s"`
    FlagOrValue,
    /// `handle`, `handle = name` or `handle(impl)`
    Any,
    /// Of a version to come.
    Later,
}

const TABLE: &[(&str, Form)] = &[
    ("timeout", Form::Value),
    ("key", Form::Value),
    ("skip", Form::List),
    ("capacity", Form::Value),
    ("weigh", Form::Value),
    ("unless", Form::Value),
    ("refresh", Form::Value),
    ("store_if", Form::Value),
    ("timeout_of", Form::Value),
    ("err_timeout", Form::Value),
    ("err_if", Form::Value),
    ("none_timeout", Form::Value),
    ("coalesce", Form::Value),
    ("wait_timeout", Form::Value),
    ("lead_timeout", Form::Value),
    ("name", Form::Value),
    ("version", Form::Value),
    ("shared", Form::Flag),
    ("store", Form::Value),
    ("local", Form::Value),
    ("lease", Form::FlagOrValue),
    ("handle", Form::Any),
    ("crate", Form::Value),
    ("stale", Form::Later),
    ("stale_if_error", Form::Later),
    ("stale_if", Form::Later),
    ("throttle", Form::Later),
    ("refresh_ahead", Form::Later),
    ("early", Form::Later),
    ("jitter", Form::Later),
    ("soft_timeout", Form::Later),
    ("hard_timeout", Form::Later),
    ("on_timeout", Form::Later),
    ("tags", Form::Later),
];

/// What other crates call our arguments.
const ELSEWHERE: &[(&str, &str)] = &[
    ("ttl", "timeout"),
    ("ttl_secs", "timeout"),
    ("time", "timeout"),
    ("expire", "timeout"),
    ("expires", "timeout"),
    ("size", "capacity"),
    ("max_size", "capacity"),
    ("max_capacity", "capacity"),
    ("convert", "key"),
    ("ignore", "skip"),
    ("exclude", "skip"),
    ("sync_writes", "coalesce"),
    ("condition", "store_if"),
    ("cache_if", "store_if"),
    ("result", "store_if"),
    ("option", "store_if"),
];

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

fn problem(arg: &Arg, before: &[Arg]) -> Option<String> {
    let name = arg.name.to_string();
    let Some((_, form)) = TABLE.iter().find(|(known, _)| *known == name) else {
        let known =
            TABLE.iter().filter(|(_, form)| !matches!(form, Form::Later)).map(|(known, _)| *known);
        let hint = match ELSEWHERE.iter().find(|(elsewhere, _)| *elsewhere == name) {
            Some((_, ours)) => format!("did you mean `{ours}`?"),
            None => did_you_mean(&name, known),
        };
        return Some(format!("unknown argument `{name}`; {hint}"));
    };
    if before.iter().any(|arg| arg.name == name) {
        return Some(format!("duplicate argument `{name}`; remove one"));
    }
    match (form, &arg.value) {
        (Form::Later, _) => Some(format!("`{name}` is not available in this version; remove it")),
        (Form::Flag, Value::Expr(_) | Value::List(_)) => {
            Some(format!("`{name}` takes no value; write `{name}`"))
        }
        (Form::FlagOrValue, Value::List(_)) => {
            Some(format!("`{name}` takes a value or none; write `{name}` or `{name} = ..`"))
        }
        (Form::Value, Value::Flag | Value::List(_)) => {
            Some(format!("`{name}` takes a value; write `{name} = ..`"))
        }
        (Form::List, Value::Flag | Value::Expr(_)) => {
            Some(format!("`{name}` takes a list; write `{name}(..)`"))
        }
        _ => None,
    }
}

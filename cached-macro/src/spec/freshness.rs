//! What may be served past its freshness, when loads begin before they have to, and how long they
//! may take. Which loads run in the background, and what these need, is `background.rs`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, quote};
use syn::{Expr, Lit, LitFloat, UnOp};

use super::background::OPTIONS;
use super::policy::check_constant;
use super::{bool_of, ungrouped};
use crate::args::Args;
use crate::attribute::{Attribute, Home};
use crate::diagnostics::Errors;
use crate::duration::{self, Wanted};
use crate::function::{Function, at};
use crate::returned::{Naming, Returned};

/// What a call returns that takes too long.
pub(crate) enum Late {
    /// What `on_timeout` says.
    Given(Expr),
    /// What the error makes of it; and where the timeout stands.
    Failure(Span),
}

/// Timeouts, and what to write instead of zero and of `never`.
const TIMEOUTS: [Wanted<'static>; 5] = [
    Wanted { name: "stale", zero: "remove it to serve nothing stale", never: None },
    Wanted { name: "stale_if_error", zero: "remove it to serve nothing stale", never: None },
    Wanted {
        name: "throttle",
        zero: "remove it for 10 seconds",
        never: Some("write a time such as \"10s\""),
    },
    Wanted {
        name: "soft_timeout",
        zero: "write `stale = ..` to wait for no load",
        never: Some("remove it to wait for every load"),
    },
    Wanted {
        name: "hard_timeout",
        zero: "write a time such as \"2s\"",
        never: Some("remove it to wait for every load"),
    },
];

/// The calls on the policy, such as `.stale(60)`.
pub(super) fn freshness(
    args: &mut Args,
    returned: Option<&Returned>,
    home: &Home,
    function: &Function,
    errors: &mut Errors,
) -> Vec<TokenStream> {
    if args.is_complete {
        check_pairs(args, errors);
    }
    check_limits(args, function, errors);
    check_closures(args, home.attribute, returned, errors);
    let mut policy = Vec::new();
    for wanted in TIMEOUTS {
        let Some((ident, expr)) = constant(args, wanted.name, function, errors) else { continue };
        let value = errors.absorb(duration::timeout(wanted, &expr, &home.rt()));
        policy.extend(value.map(|value| quote!(.#ident(#value))));
    }
    let parts: [(&str, Check); 4] = [
        ("refresh_ahead", refresh_ahead),
        ("early", early),
        ("jitter", jitter),
        ("max_background", max_background),
    ];
    for (name, check) in parts {
        let Some((ident, expr)) = constant(args, name, function, errors) else { continue };
        let value = check(&expr, &home.rt(), errors);
        policy.extend(value.map(|value| quote!(.#ident(#value))));
    }
    policy
}

/// What a call returns that takes too long; none where it may take what it takes.
pub(super) fn late(args: &Args) -> Option<Late> {
    let span = args.span("hard_timeout")?;
    Some(args.value("on_timeout").map_or(Late::Failure(span), |expr| Late::Given(expr.clone())))
}

/// What holds for all calls.
fn constant(
    args: &mut Args,
    name: &str,
    function: &Function,
    errors: &mut Errors,
) -> Option<(Ident, Expr)> {
    let (ident, expr) = args.take_value(name)?;
    let expr = ungrouped(expr);
    check_constant(name, &expr, function, errors);
    Some((ident, expr))
}

/// Arguments that need or exclude one another.
fn check_pairs(args: &Args, errors: &mut Errors) {
    let mut requires = |name: &str, others: &[&str], remedy: &str| {
        let Some(span) = args.span(name) else { return };
        if others.iter().all(|other| args.span(other).is_none()) {
            let others = either(others);
            errors.at_span(span, format!("`{name}` requires {others}; {remedy}"));
        }
    };
    let how_long = "say how long a stale value may answer with `stale_if_error = \"1h\"`";
    requires("stale_if", &["stale_if_error"], how_long);
    requires("soft_timeout", &["stale_if_error"], how_long);
    requires(
        "on_timeout",
        &["hard_timeout"],
        "say how long a call may take with `hard_timeout = \"2s\"`",
    );
    requires(
        "throttle",
        &["stale", "stale_if_error", "refresh_ahead", "early"],
        "add one, or remove `throttle`",
    );
    requires("max_background", &OPTIONS, "add one, or remove `max_background`");

    let mut excludes = |name: &str, other: &str, which: &str| {
        if let Some(span) = args.span(name) {
            errors.at_span(
                span,
                format!("cannot combine `{other}` and `{name}`, {which}; remove one"),
            );
        }
    };
    if args.span("refresh_ahead").is_some() {
        let which = "which both load before an entry expires";
        excludes("early", "refresh_ahead", which);
    }
    let value = |name: &str| args.value(name).cloned().map(ungrouped);
    let is_endless = value("timeout").is_some_and(|timeout| duration::is_never(&timeout));
    if is_endless && args.span("timeout_of").is_none() {
        // What never expires may still be expired by request, and so be stale.
        for name in ["refresh_ahead", "early", "jitter"] {
            excludes(name, "timeout = never", "which is about entries that expire");
        }
    }
    if value("coalesce").as_ref().and_then(bool_of) == Some(false) {
        for name in OPTIONS {
            excludes(name, "coalesce = false", "which loads once for all who ask");
        }
    }
}

/// "`a`, `b` or `c`".
fn either(names: &[&str]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

/// How long a load may take.
fn check_limits(args: &Args, function: &Function, errors: &mut Errors) {
    let (soft, hard) = (args.value("soft_timeout"), args.value("hard_timeout"));
    if let (Some(span), None) = (args.span("hard_timeout"), function.sig.asyncness) {
        errors.at_span(
            span,
            "a thread cannot be stopped; write `async fn`, or remove `hard_timeout`",
        );
    }
    let millis = |value: Option<&Expr>| duration::literal(&ungrouped(value?.clone()));
    if let (Some(soft_millis), Some(hard_millis)) = (millis(soft), millis(hard))
        && soft_millis >= hard_millis
        && hard_millis > 0
    {
        errors.at(
            soft,
            "`soft_timeout` has to be shorter than `hard_timeout`, which comes first otherwise; write less, or remove it",
        );
    }
}

/// Arguments that cannot be what they are given.
fn check_closures(
    args: &Args,
    attribute: Attribute,
    returned: Option<&Returned>,
    errors: &mut Errors,
) {
    if let Some(Expr::Lit(literal)) = args.value("stale_if") {
        let error = match attribute {
            Attribute::Cached => "error",
            Attribute::Response => "response",
        };
        errors.at(
            literal,
            format!("`stale_if` takes a closure over the {error}; write `stale_if = |{error}| ..`"),
        );
    }
    let is_hidden = returned.is_some_and(|returned| returned.naming == Naming::Hidden);
    if let Some(span) = args.span("stale_if").filter(|_| is_hidden) {
        errors.at_span(
            span,
            "`stale_if` looks at an `Err`, and `impl Trait` hides none; remove it, or return a `Result`",
        );
    }
    if let Some(span) = args.span("hard_timeout").filter(|_| is_hidden)
        && args.span("on_timeout").is_none()
        && args.is_complete
    {
        errors.at_span(
            span,
            "a call that takes too long has nothing to return; add `on_timeout = ..`",
        );
    }
    if let Some(Expr::Closure(closure)) = args.value("on_timeout") {
        errors.at(
            closure,
            "`on_timeout` takes what the call returns, made only then; write it without `||`",
        );
    }
}

/// Checks a number, and writes it as the policy takes it.
type Check = fn(&Expr, &TokenStream, &mut Errors) -> Option<TokenStream>;

fn refresh_ahead(expr: &Expr, _: &TokenStream, errors: &mut Errors) -> Option<TokenStream> {
    match number(expr) {
        Some(part) if !(part > 0.0 && part < 1.0) => errors.at(
            expr,
            "`refresh_ahead` lies between 0 and 1; write a part of the freshness, such as 0.8",
        ),
        None if is_literal(expr) => errors
            .at(expr, "`refresh_ahead` takes a number; write a part of the freshness, such as 0.8"),
        Some(_) | None => return Some(expr.to_token_stream()),
    }
    None
}

fn early(expr: &Expr, _: &TokenStream, errors: &mut Errors) -> Option<TokenStream> {
    match number(expr) {
        Some(factor) if factor > 0.0 => {
            // `1` is as good as `1.0`.
            let is_whole = matches!(expr, Expr::Lit(literal) if matches!(literal.lit, Lit::Int(_)));
            let whole =
                LitFloat::new(&format!("{factor:.1}"), at(syn::spanned::Spanned::span(expr)));
            Some(if is_whole { whole.into_token_stream() } else { expr.to_token_stream() })
        }
        Some(_) => {
            errors.at(expr, "`early` has to be above 0; write `1.0`, or more to load earlier");
            None
        }
        None if is_literal(expr) => {
            errors.at(expr, "`early` takes a number; write `1.0`, or more to load earlier");
            None
        }
        None => Some(expr.to_token_stream()),
    }
}

fn jitter(expr: &Expr, rt: &TokenStream, errors: &mut Errors) -> Option<TokenStream> {
    let wanted = Wanted {
        name: "jitter",
        zero: "remove it to let entries expire together",
        never: Some("write a part of the freshness such as 0.1, or a time such as \"30s\""),
    };
    let is_text = matches!(expr, Expr::Lit(literal) if matches!(literal.lit, Lit::Str(_)));
    if is_text || duration::is_never(expr) {
        return errors.absorb(duration::timeout(wanted, expr, rt));
    }
    match number(expr) {
        Some(part) if !(part > 0.0 && part < 1.0) => errors.at(
            expr,
            "`jitter` lies between 0 and 1; write a part of the freshness such as 0.1, or a time such as \"30s\"",
        ),
        None if is_literal(expr) => errors.at(
            expr,
            "`jitter` takes a part of the freshness such as 0.1, or a time such as \"30s\"",
        ),
        Some(_) | None => return Some(expr.to_token_stream()),
    }
    None
}

fn max_background(expr: &Expr, _: &TokenStream, errors: &mut Errors) -> Option<TokenStream> {
    let is_whole = matches!(expr, Expr::Lit(literal) if matches!(literal.lit, Lit::Int(_)));
    match number(expr) {
        Some(most) if most < 1.0 => {
            errors.at(expr, "`max_background` is at least 1; write how many loads may run at once");
        }
        Some(_) if is_whole => return Some(expr.to_token_stream()),
        None if !is_literal(expr) => return Some(expr.to_token_stream()),
        Some(_) | None => errors.at(expr, "`max_background` takes a whole number, such as 64"),
    }
    None
}

/// A number that is written out.
fn number(expr: &Expr) -> Option<f64> {
    match expr {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Float(number) => number.base10_parse().ok(),
            Lit::Int(number) => number.base10_digits().parse().ok(),
            _ => None,
        },
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => {
            number(&unary.expr).map(|number| -number)
        }
        _ => None,
    }
}

fn is_literal(expr: &Expr) -> bool {
    matches!(expr, Expr::Lit(_))
}

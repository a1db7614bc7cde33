//! The policy: timeouts, capacity, coalescing.

use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};
use syn::{Expr, Lit, LitStr, UnOp};

use super::{Errs, Negatives, bool_of, ungrouped};
use crate::args::Args;
use crate::attribute::{Attribute, Home};
use crate::diagnostics::Errors;
use crate::duration::{self, Wanted};
use crate::function::Function;
use crate::template::{binders_in, names_in};

/// The calls on the policy.
pub(super) fn policy(
    args: &mut Args,
    home: &Home,
    function: &Function,
    errors: &mut Errors,
) -> Vec<TokenStream> {
    let mut policy = Vec::new();
    policy.extend(coalesce(args, errors));
    for (name, zero) in [
        ("timeout", "write `never` for no end, or `unless = true` to bypass the cache"),
        ("err_timeout", "remove it to store no `Err`"),
        ("none_timeout", "remove it to store no `None`"),
        ("wait_timeout", "write `coalesce = false` to wait for no other call"),
        ("lead_timeout", "write `coalesce = false` to let every call load"),
    ] {
        let Some((ident, expr)) = args.take_value(name) else { continue };
        let expr = ungrouped(expr);
        check_constant(name, &expr, function, errors);
        if let Some(value) =
            errors.absorb(duration::timeout(Wanted { name, zero, never: None }, &expr, &home.rt()))
        {
            policy.push(quote!(.#ident(#value)));
        }
    }
    if let Some(expr) = args.value("capacity") {
        check_constant("capacity", expr, function, errors);
    }
    policy.extend(capacity(args, home.attribute, errors));
    policy
}

/// Which results without a value are stored.
pub(super) fn negatives(args: &mut Args) -> Negatives {
    let errors = match (args.take_value("err_if"), args.span("err_timeout")) {
        (Some((_, err_if)), _) => Errs::If(err_if),
        (None, Some(_)) => Errs::All,
        (None, None) => Errs::None,
    };
    Negatives { errors, none: args.span("none_timeout").is_some() }
}

/// What holds for the whole cache cannot depend on the arguments of one call.
pub(super) fn check_constant(name: &str, expr: &Expr, function: &Function, errors: &mut Errors) {
    if duration::is_never(expr) {
        return;
    }
    let tokens = expr.to_token_stream();
    let binders = binders_in(tokens.clone(), function);
    let Some(argument) =
        names_in(tokens, function).into_iter().find(|name| !binders.contains(name))
    else {
        return;
    };
    let remedy = match name {
        "timeout" => "; for one by what is returned write `timeout_of = ..`",
        _ => "",
    };
    errors.at(
        expr,
        format!("`{name}` is one for all calls and cannot depend on `{argument}`{remedy}"),
    );
}

/// How much memory may hold: entries, or bytes where something weighs them.
fn capacity(args: &mut Args, attribute: Attribute, errors: &mut Errors) -> Option<TokenStream> {
    let is_weighed = attribute == Attribute::Response || args.span("weigh").is_some();
    let (_, expr) = args.take_value("capacity")?;
    let amount = match ungrouped(expr) {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Int(number) if attribute == Attribute::Response => {
                errors.at(
                    number,
                    "responses are weighed in bytes; write an amount such as \"64MiB\"",
                );
                return None;
            }
            Lit::Int(number) => {
                let amount = number.base10_parse::<u64>().unwrap_or(u64::MAX);
                if amount == 0 {
                    errors.at(number, "`capacity` cannot be zero; write at least 1, or `unless = true` to bypass the cache");
                }
                quote!(#amount)
            }
            Lit::Str(text) => {
                let amount = amount(text, errors);
                if amount == Some(0) {
                    errors.at(text, "`capacity` cannot be zero; write at least 1, or `unless = true` to bypass the cache");
                } else if amount.is_some() && !is_weighed {
                    errors.at(text, "a `capacity` in bytes requires `weigh`; add `weigh = |value| ..`, or write a number of entries");
                }
                let amount = amount.unwrap_or(1);
                quote!(#amount)
            }
            other => {
                let forms = match attribute {
                    Attribute::Cached => {
                        "a number of entries, or bytes such as \"64MiB\" with `weigh`"
                    }
                    Attribute::Response => "bytes, such as \"64MiB\"",
                };
                errors.at(other, format!("`capacity` takes {forms}"));
                return None;
            }
        },
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => {
            errors.at(unary, "`capacity` cannot be negative; write at least 1");
            return None;
        }
        other => other.to_token_stream(),
    };
    Some(if is_weighed { quote!(.weight_capacity(#amount)) } else { quote!(.capacity(#amount)) })
}

/// Bytes that are written out, as "64MiB".
pub(super) fn amount(text: &LitStr, errors: &mut Errors) -> Option<u64> {
    let amount = bytes(&text.value());
    if amount.is_none() {
        errors.at(text, format!(
            "{:?} is not an amount; write a whole number and one of `B KB MB GB KiB MiB GiB`, such as \"64MiB\"",
            text.value()
        ));
    }
    amount
}

fn bytes(text: &str) -> Option<u64> {
    const UNITS: [(&str, u64); 7] = [
        ("B", 1),
        ("KB", 1_000),
        ("MB", 1_000_000),
        ("GB", 1_000_000_000),
        ("KiB", 1 << 10),
        ("MiB", 1 << 20),
        ("GiB", 1 << 30),
    ];
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (_, size) = UNITS.iter().find(|(unit, _)| *unit == &text[digits..])?;
    text[..digits].parse::<u64>().ok()?.checked_mul(*size)
}

fn coalesce(args: &mut Args, errors: &mut Errors) -> Option<TokenStream> {
    let (_, expr) = args.take_value("coalesce")?;
    match bool_of(&ungrouped(expr.clone())) {
        Some(true) => None,
        Some(false) => {
            for name in ["wait_timeout", "lead_timeout"] {
                if let Some(span) = args.span(name) {
                    errors.at_span(span, format!("cannot combine `coalesce = false` and `{name}`, which is about calls that wait; remove one"));
                }
            }
            Some(quote!(.uncoalesced()))
        }
        None => {
            errors.at(expr, "`coalesce` takes `true` or `false`");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn amounts() {
        assert_eq!(bytes("64MiB"), Some(64 << 20));
        assert_eq!(bytes("1KB"), Some(1_000));
        for wrong in ["", "64", "MiB", "64 MiB", "64mb", "99999999999999999999B"] {
            assert_eq!(bytes(wrong), None, "{wrong}");
        }
    }
}

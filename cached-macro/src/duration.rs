//! Timeouts as users write them: `300`, `"5m"`, `never`, or an expression.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::spanned::Spanned as _;
use syn::{Expr, Lit, UnOp};

use crate::diagnostics::Errors;
use crate::function::at;

/// Milliseconds of each unit.
const UNITS: [(&str, u64); 6] = [
    ("ms", 1),
    ("s", 1_000),
    ("m", 60_000),
    ("h", 3_600_000),
    ("d", 86_400_000),
    ("w", 604_800_000),
];

/// A timeout by name, and what to write instead of those it cannot be.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) name: &'a str,
    /// Instead of zero.
    pub(crate) zero: &'a str,
    /// Instead of `never`; none where it is a timeout like any other.
    pub(crate) never: Option<&'a str>,
}

/// An expression that converts into a timeout.
pub(crate) fn timeout(
    wanted: Wanted<'_>,
    value: &Expr,
    rt: &TokenStream,
) -> Result<TokenStream, Errors> {
    let Wanted { name, zero, never } = wanted;
    let mut errors = Errors::default();
    let span = at(value.span());
    let zero = || format!("`{name}` cannot be zero; {zero}");
    let tokens = match value {
        _ if is_never(value) => {
            if let Some(remedy) = never {
                errors.at(value, format!("`{name}` has to end; {remedy}"));
            }
            quote_spanned!(span=> #rt::Timeout::NEVER)
        }
        Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => {
            let forms = match never {
                None => "write seconds, a text such as \"5m\", or `never`",
                Some(_) => "write seconds, or a text such as \"5m\"",
            };
            errors.at(value, format!("`{name}` cannot be negative; {forms}"));
            quote!(0)
        }
        Expr::Lit(literal) => {
            match &literal.lit {
                Lit::Int(seconds) if seconds.suffix().is_empty() || seconds.suffix() == "u64" => {
                    match seconds.base10_parse::<u64>() {
                        Ok(0) => errors.at(value, zero()),
                        Ok(_) => {}
                        Err(_) => {
                            let remedy = never.unwrap_or("write `never`");
                            errors.at(
                                value,
                                format!("`{name}` is too large for a `u64` of seconds; {remedy}"),
                            );
                        }
                    }
                    let digits = seconds.base10_digits().parse::<u64>().unwrap_or_default();
                    quote_spanned!(span=> #digits)
                }
                Lit::Int(number) if UNITS.iter().any(|(unit, _)| *unit == number.suffix()) => {
                    errors.at(value, format!("a duration with a unit is written as text; write `{name} = \"{number}\"`"));
                    quote!(0)
                }
                Lit::Str(text) => match milliseconds(&text.value()) {
                    Some(0) => {
                        errors.at(value, zero());
                        quote!(0)
                    }
                    Some(millis) => {
                        quote_spanned!(span=> ::core::time::Duration::from_millis(#millis))
                    }
                    None if text.value() == "never" && never.is_none() => {
                        errors.at(
                            value,
                            format!("`never` is written without quotes; write `{name} = never`"),
                        );
                        quote!(0)
                    }
                    None => {
                        errors.at(
                        value,
                        format!(
                            "{:?} is not a duration; write a whole number and one of `ms s m h d w`, such as \"5m\"",
                            text.value()
                        ),
                    );
                        quote!(0)
                    }
                },
                Lit::Float(_) => {
                    errors.at(value, format!("`{name}` takes whole seconds; write milliseconds as text, such as \"1500ms\""));
                    quote!(0)
                }
                _ => {
                    let forms = match never {
                        None => "seconds, a text such as \"5m\", a `Duration` or `never`",
                        Some(_) => "seconds, a text such as \"5m\" or a `Duration`",
                    };
                    errors.at(value, format!("`{name}` takes {forms}"));
                    quote!(0)
                }
            }
        }
        _ => quote!(#value),
    };
    errors.or(tokens)
}

/// Whether an expression is the word `never`.
pub(crate) fn is_never(value: &Expr) -> bool {
    matches!(value, Expr::Path(path) if path.path.is_ident("never"))
}

/// The milliseconds of a timeout that is written out.
pub(crate) fn literal(value: &Expr) -> Option<u64> {
    let Expr::Lit(literal) = value else { return None };
    match &literal.lit {
        Lit::Int(seconds) => seconds.base10_parse::<u64>().ok()?.checked_mul(1_000),
        Lit::Str(text) => milliseconds(&text.value()),
        _ => None,
    }
}

fn milliseconds(text: &str) -> Option<u64> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (_, millis) = UNITS.iter().find(|(unit, _)| *unit == &text[digits..])?;
    // Past the range of a `u64` of milliseconds an entry never expires anyway.
    let number = if digits == 0 { return None } else { text[..digits].parse().unwrap_or(u64::MAX) };
    Some(number.saturating_mul(*millis))
}

#[cfg(test)]
mod tests {
    use super::milliseconds;

    #[test]
    fn units() {
        assert_eq!(milliseconds("1500ms"), Some(1_500));
        assert_eq!(milliseconds("5m"), Some(300_000));
        assert_eq!(milliseconds("2w"), Some(1_209_600_000));
        assert_eq!(milliseconds("99999999999999999999d"), Some(u64::MAX));
        for wrong in ["", "5", "m", "5 m", "1.5s", "-5s", "5min", "5M"] {
            assert_eq!(milliseconds(wrong), None, "{wrong}");
        }
    }
}

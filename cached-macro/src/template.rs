//! Key templates: `"user:{id}:{page:04}"`.
//!
//! A template is accepted only where no two calls can write the same text. Arguments are escaped
//! to `A-Z a-z 0-9 - _ . ~ %`, so between two placeholders there must be a character outside of
//! that, or the end of one argument could be the start of the next.

mod names;

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use syn::{Expr, LitStr};

use crate::diagnostics::{Errors, did_you_mean};
use crate::function::{Function, plain};
pub(crate) use names::{binders_in, names_in};

pub(crate) struct Template {
    pub(crate) pieces: Vec<Piece>,
}

pub(crate) enum Piece {
    Text(String),
    Slot {
        value: SlotValue,
        /// What follows the `:`, if anything does.
        format: Option<String>,
    },
}

#[derive(Default)]
pub(crate) struct SlotValue {
    pub(crate) tokens: TokenStream,
    /// Leading `&` of its type, as far as the signature says.
    pub(crate) references: usize,
}

impl Template {
    /// The placeholders' tokens.
    pub(crate) fn values(&self) -> impl Iterator<Item = &TokenStream> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Slot { value, .. } => Some(&value.tokens),
            Piece::Text(_) => None,
        })
    }
}

pub(crate) fn parse(literal: &LitStr, function: &Function) -> Result<Template, Errors> {
    let mut errors = Errors::default();
    let text = literal.value();
    let raw = match split(&text) {
        Ok(raw) if raw.is_empty() => {
            errors
                .at(literal, "an empty key names nothing; write a template such as \"user:{id}\"");
            return Err(errors);
        }
        Ok(raw) => raw,
        Err(problem) => {
            errors.at(literal, problem);
            return Err(errors);
        }
    };
    check_separators(&raw, literal, &mut errors);
    let pieces = raw.into_iter().filter_map(|piece| match piece {
        Raw::Text(text) => Some(Piece::Text(text)),
        Raw::Slot { value, format } => errors.absorb(slot(&value, format, literal, function)),
    });
    let template = Template { pieces: pieces.collect() };
    errors.or(template)
}

enum Raw {
    Text(String),
    Slot { value: String, format: Option<String> },
}

fn split(text: &str) -> Result<Vec<Raw>, String> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut chars = text.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '{' if chars.next_if_eq(&'{').is_some() => plain.push('{'),
            '}' if chars.next_if_eq(&'}').is_some() => plain.push('}'),
            '}' => return Err("unmatched `}` in the template; write `}}` for a brace".into()),
            '{' => {
                let mut depth = 0;
                let mut inside = String::new();
                loop {
                    match chars.next() {
                        None => {
                            return Err(
                                "unmatched `{` in the template; write `{{` for a brace".into()
                            );
                        }
                        Some('}') if depth == 0 => break,
                        Some(char) => {
                            depth += i32::from(matches!(char, '(' | '[' | '{'));
                            depth -= i32::from(matches!(char, ')' | ']' | '}'));
                            inside.push(char);
                        }
                    }
                }
                if !plain.is_empty() {
                    pieces.push(Raw::Text(std::mem::take(&mut plain)));
                }
                let (value, format) = split_format(&inside);
                pieces.push(Raw::Slot { value, format });
            }
            char => plain.push(char),
        }
    }
    if !plain.is_empty() {
        pieces.push(Raw::Text(plain));
    }
    Ok(pieces)
}

/// Splits at the first `:` that is no part of a `::` and stands in no brackets.
fn split_format(inside: &str) -> (String, Option<String>) {
    let mut depth = 0;
    let bytes = inside.as_bytes();
    let mut idx = 0;
    while let Some(byte) = bytes.get(idx) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth -= 1,
            b':' if depth == 0 && bytes.get(idx + 1) == Some(&b':') => idx += 1,
            b':' if depth == 0 => {
                let format = inside[idx + 1..].trim();
                let format = (!format.is_empty()).then(|| format.to_owned());
                return (inside[..idx].trim().to_owned(), format);
            }
            _ => {}
        }
        idx += 1;
    }
    (inside.trim().to_owned(), None)
}

fn check_separators(pieces: &[Raw], literal: &LitStr, errors: &mut Errors) {
    for pair in pieces.windows(3) {
        if let [Raw::Slot { value: one, .. }, Raw::Text(text), Raw::Slot { value: two, .. }] = pair
            && !text.chars().any(separates)
        {
            errors.at(literal, format!(
                "`{text}` does not separate `{{{one}}}` and `{{{two}}}`, since an argument may hold it; use a character such as `:` or `/`"
            ));
        }
    }
    for pair in pieces.windows(2) {
        if let [Raw::Slot { value: one, .. }, Raw::Slot { value: two, .. }] = pair {
            errors.at(literal, format!(
                "two placeholders without text between them could name two things; write a separator such as `:` between `{{{one}}}` and `{{{two}}}`"
            ));
        }
    }
}

/// Whether escaped text never holds a character.
fn separates(char: char) -> bool {
    !(char.is_ascii_alphanumeric() || matches!(char, '-' | '_' | '.' | '~' | '%'))
}

fn slot(
    value: &str,
    format: Option<String>,
    literal: &LitStr,
    function: &Function,
) -> Result<Piece, Errors> {
    let mut errors = Errors::default();
    if value.is_empty() || value.bytes().all(|byte| byte.is_ascii_digit()) {
        errors.at(
            literal,
            format!("placeholders name arguments; write `{{id}}` instead of `{{{value}}}`"),
        );
        return Err(errors);
    }
    if let Some(format) = &format
        && !is_format(format)
    {
        errors.at(
            literal,
            format!("`:{format}` is not a format; write one such as `:04`, `:.2`, `:x` or `:?`"),
        );
    }
    let value = errors.absorb(slot_value(value, literal, function)).unwrap_or_default();
    errors.or(Piece::Slot { value, format })
}

/// The tokens of a placeholder: at the literal's place, and of the parameters' hygiene.
fn slot_value(value: &str, literal: &LitStr, function: &Function) -> Result<SlotValue, Errors> {
    let mut errors = Errors::default();
    // A keyword is a name where the parameter is raw: `{type}` for `r#type`.
    if let Some((name, param)) = function.names().find(|(name, _)| plain(name) == value) {
        let name = TokenTree::from(relocated(name, literal.span()));
        return Ok(SlotValue { tokens: name.into(), references: param.references });
    }
    let Ok(expr) = syn::parse_str::<Expr>(value) else {
        errors.at(literal, format!("`{{{value}}}` is not an expression over the arguments; write `{{id}}`, `{{user.id}}` or `{{req.path()}}`"));
        return Err(errors);
    };
    let tokens = quote::ToTokens::to_token_stream(&expr);
    for binder in binders_in(tokens.clone(), function) {
        errors.at(literal, bound_anew(&binder));
    }
    let mentioned = names_in(tokens.clone(), function);
    if mentioned.is_empty() {
        let known: Vec<_> = function.names().map(|(name, _)| plain(name)).collect();
        let root =
            value.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or(value);
        errors.at(
            literal,
            format!(
                "no argument is called `{root}`; {}",
                did_you_mean(root, known.iter().map(String::as_str))
            ),
        );
    }
    errors.or(SlotValue { tokens: relocate(tokens, literal.span(), function), references: 0 })
}

/// The message about a name that hides an argument.
pub(crate) fn bound_anew(binder: &Ident) -> String {
    format!("`{binder}` is bound anew here, which hides the argument; give it another name")
}

fn relocate(tokens: TokenStream, span: Span, function: &Function) -> TokenStream {
    let relocate_token = |token| match token {
        TokenTree::Group(group) => {
            let mut relocated =
                Group::new(group.delimiter(), relocate(group.stream(), span, function));
            relocated.set_span(Span::call_site().located_at(span));
            TokenTree::Group(relocated)
        }
        TokenTree::Ident(ident) => match function.names().find(|(name, _)| **name == ident) {
            Some((name, _)) => TokenTree::Ident(relocated(name, span)),
            None => {
                let mut ident = ident;
                ident.set_span(Span::call_site().located_at(span));
                TokenTree::Ident(ident)
            }
        },
        mut token => {
            token.set_span(Span::call_site().located_at(span));
            token
        }
    };
    tokens.into_iter().map(relocate_token).collect()
}

/// A parameter's name as it resolves where it was declared, shown where the template stands.
fn relocated(name: &Ident, span: Span) -> Ident {
    let mut name = name.clone();
    name.set_span(name.span().located_at(span));
    name
}

/// Whether a text is a format that names no other argument: `[[fill]align][sign][#][0][width][.precision][type]`.
fn is_format(format: &str) -> bool {
    fn digits(rest: &str) -> &str {
        rest.trim_start_matches(|c: char| c.is_ascii_digit())
    }
    let is_align = |c: Option<char>| matches!(c, Some('<' | '^' | '>'));
    let mut chars = format.chars();
    let rest = match (chars.next(), chars.clone().next()) {
        (Some(_), align) if is_align(align) => {
            chars.next();
            chars.as_str()
        }
        (align, _) if is_align(align) => chars.as_str(),
        _ => format,
    };
    let rest = rest.strip_prefix(['+', '-']).unwrap_or(rest);
    let rest = rest.strip_prefix('#').unwrap_or(rest);
    let rest = digits(rest);
    let rest = match rest.strip_prefix('.') {
        Some(precision) if digits(precision).len() == precision.len() => return false,
        Some(precision) => digits(precision),
        None => rest,
    };
    matches!(rest, "" | "?" | "x?" | "X?" | "x" | "X" | "o" | "b" | "e" | "E" | "p")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats() {
        for right in ["04", "?", "#?", ".2", ">8", "*^8", "+.3e", "#010x", "x?"] {
            assert!(is_format(right), "{right}");
        }
        for wrong in ["0$", "width$", ".", ".*", "y", "04d", "?x"] {
            assert!(!is_format(wrong), "{wrong}");
        }
    }

    #[test]
    fn the_format_begins_at_a_single_colon_outside_of_brackets() {
        assert_eq!(split_format("a::b(c): 04"), ("a::b(c)".into(), Some("04".into())));
        assert_eq!(split_format("f(|x: u8| x)"), ("f(|x: u8| x)".into(), None));
        assert_eq!(split_format("x:"), ("x".into(), None));
    }
}

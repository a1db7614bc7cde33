//! Which arguments an expression mentions, and which names it binds anew. Both are read from its
//! tokens, since what stands in a macro's input is nothing but tokens.

use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};

use crate::function::{Function, plain};

/// The parameters that an expression mentions: not fields, methods, path segments, labels or
/// macros of their name.
pub(crate) fn names_in(tokens: TokenStream, function: &Function) -> Vec<&Ident> {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let mut names = Vec::new();
    for (idx, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Ident(ident) if is_variable(&tokens, idx) && !is_named(&tokens, idx) => {
                names.extend(argument(ident, function));
            }
            TokenTree::Group(group) => {
                names.extend(names_in(group.stream(), function));
                if idx >= 2 && is_macro(&tokens, idx - 2) {
                    names.extend(captured_by(group.stream(), function));
                }
            }
            _ => {}
        }
    }
    names
}

/// The names of arguments that closures, `let`, `match` and the like bind in an expression.
pub(crate) fn binders_in(tokens: TokenStream, function: &Function) -> Vec<Ident> {
    let mut binders = Vec::new();
    binders_of(&tokens.into_iter().collect::<Vec<_>>(), &mut binders);
    binders.retain(|name| argument(name, function).is_some());
    binders
}

fn argument<'a>(ident: &Ident, function: &'a Function) -> Option<&'a Ident> {
    function.names().map(|(name, _)| name).find(|name| *name == ident)
}

/// Whether the identifier at `idx` stands for a value, by what surrounds it.
fn is_variable(tokens: &[TokenTree], idx: usize) -> bool {
    let before = |count: usize| idx.checked_sub(count);
    let is_before = |count, char| before(count).is_some_and(|idx| is_punct(tokens, idx, char));
    let is_member = is_before(1, '.') && !is_before(2, '.');
    let is_segment = is_before(1, ':') && is_before(2, ':');
    let is_label = is_before(1, '\'');
    !is_member && !is_segment && !is_label && !is_path(tokens, idx) && !is_macro(tokens, idx)
}

/// Whether the identifier at `idx` names a field, an argument of a macro or what is assigned to.
fn is_named(tokens: &[TokenTree], idx: usize) -> bool {
    is_punct(tokens, idx + 1, ':') || is_equals(tokens, idx + 1)
}

/// `name::`
fn is_path(tokens: &[TokenTree], idx: usize) -> bool {
    is_punct(tokens, idx + 1, ':') && is_punct(tokens, idx + 2, ':')
}

/// `name!(..)`
fn is_macro(tokens: &[TokenTree], idx: usize) -> bool {
    matches!(tokens[idx], TokenTree::Ident(_))
        && is_punct(tokens, idx + 1, '!')
        && matches!(tokens.get(idx + 2), Some(TokenTree::Group(_)))
}

/// A `=` that is no part of `==`, `=>` or `..=`.
fn is_equals(tokens: &[TokenTree], idx: usize) -> bool {
    is_punct(tokens, idx, '=')
        && !is_punct(tokens, idx + 1, '=')
        && !is_punct(tokens, idx + 1, '>')
        && !idx.checked_sub(1).is_some_and(|before| is_punct(tokens, before, '.'))
}

fn is_punct(tokens: &[TokenTree], idx: usize, char: char) -> bool {
    matches!(tokens.get(idx), Some(TokenTree::Punct(punct)) if punct.as_char() == char)
}

fn is_word(tokens: &[TokenTree], idx: usize, words: &[&str]) -> bool {
    matches!(tokens.get(idx), Some(TokenTree::Ident(ident)) if words.iter().any(|word| ident == word))
}

fn braces(tokens: &[TokenTree], idx: usize) -> Option<&Group> {
    match tokens.get(idx) {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => Some(group),
        _ => None,
    }
}

fn binders_of(tokens: &[TokenTree], binders: &mut Vec<Ident>) {
    // The end of the last closure's parameters, and the start of the arm of a `match`.
    let (mut closed, mut arm) = (0, 0);
    let mut is_block = false;
    for (idx, token) in tokens.iter().enumerate() {
        let rest = &tokens[idx + 1..];
        // A pattern from here on, as far as what ends it.
        let until = |is_end: &dyn Fn(usize) -> bool| {
            (idx + 1..tokens.len()).find(|idx| is_end(*idx)).map(|end| &tokens[idx + 1..end])
        };
        let pattern = match token {
            TokenTree::Group(group) => {
                let inside: Vec<_> = group.stream().into_iter().collect();
                binders_of(&inside, binders);
                if idx >= 2 && is_macro(tokens, idx - 2) && is_word(tokens, idx - 2, &["matches"]) {
                    let comma = (0..inside.len()).find(|idx| is_punct(&inside, *idx, ','));
                    bound_by(unguarded(&inside[comma.unwrap_or(0)..]), false, binders);
                }
                if is_block && braces(tokens, idx).is_some() && !is_word(tokens, idx + 1, &["else"])
                {
                    (arm, is_block) = (idx + 1, false);
                }
                None
            }
            TokenTree::Ident(word) if word == "let" => Some(
                until(&|idx| is_equals(tokens, idx) || is_punct(tokens, idx, ';')).unwrap_or(rest),
            ),
            TokenTree::Ident(word) if word == "for" => until(&|idx| is_word(tokens, idx, &["in"])),
            TokenTree::Ident(word) if word == "fn" => until(&|idx| braces(tokens, idx).is_some()),
            TokenTree::Ident(word) if word == "const" || word == "static" => {
                until(&|idx| is_punct(tokens, idx, ':'))
            }
            TokenTree::Punct(bar)
                if bar.as_char() == '|' && begins_closure(tokens, idx, closed) =>
            {
                let params = until(&|idx| is_punct(tokens, idx, '|'));
                closed = params.map_or(closed, |params| idx + 1 + params.len());
                params
            }
            TokenTree::Punct(comma) if comma.as_char() == ',' => {
                (arm, is_block) = (idx + 1, false);
                None
            }
            TokenTree::Punct(arrow) if arrow.as_char() == '=' && is_punct(tokens, idx + 1, '>') => {
                let pattern = unguarded(&tokens[arm.min(idx)..idx]);
                let blocks = ["if", "match", "loop", "while", "for", "unsafe"];
                is_block = braces(tokens, idx + 2).is_some() || is_word(tokens, idx + 2, &blocks);
                Some(pattern)
            }
            _ => None,
        };
        bound_by(pattern.unwrap_or_default(), false, binders);
    }
}

/// Whether a `|` opens the parameters of a closure, rather than being an operator.
fn begins_closure(tokens: &[TokenTree], idx: usize, closed: usize) -> bool {
    let Some(before) = idx.checked_sub(1) else { return true };
    let words =
        ["move", "async", "static", "return", "break", "in", "if", "match", "while", "else"];
    let can_precede = match &tokens[before] {
        TokenTree::Punct(punct) => punct.as_char() != '?',
        TokenTree::Ident(_) => is_word(tokens, before, &words),
        TokenTree::Group(_) | TokenTree::Literal(_) => false,
    };
    can_precede && (closed == 0 || idx > closed)
}

/// The pattern of an arm, without its `if`.
fn unguarded(arm: &[TokenTree]) -> &[TokenTree] {
    let guard = (0..arm.len()).find(|idx| is_word(arm, *idx, &["if"]));
    &arm[..guard.unwrap_or(arm.len())]
}

fn bound_by(pattern: &[TokenTree], is_in_braces: bool, binders: &mut Vec<Ident>) {
    for (idx, token) in pattern.iter().enumerate() {
        match token {
            TokenTree::Ident(ident) => {
                let is_field = is_in_braces && is_punct(pattern, idx + 1, ':');
                let is_type = matches!(pattern.get(idx + 1), Some(TokenTree::Group(_)));
                if is_variable(pattern, idx) && !is_field && !is_type {
                    binders.push(ident.clone());
                }
            }
            TokenTree::Group(group) => {
                let inside: Vec<_> = group.stream().into_iter().collect();
                bound_by(&inside, group.delimiter() == Delimiter::Brace, binders);
            }
            _ => {}
        }
    }
}

/// The parameters that the text of a macro's input captures, as in `format!("{id:04}")`.
fn captured_by(input: TokenStream, function: &Function) -> Vec<&Ident> {
    let input: Vec<_> = input.into_iter().collect();
    // The first text is the format; those after it are arguments.
    let text = input.iter().find_map(|token| match token {
        TokenTree::Literal(literal) => Some(literal.to_string()).filter(|text| text.contains('"')),
        _ => None,
    });
    let captures = captures(text.as_deref().unwrap_or_default());
    let is_given = |name: &Ident| {
        let mut idxs = 0..input.len();
        idxs.any(|idx| is_equals(&input, idx + 1) && is_word(&input, idx, &[&name.to_string()]))
    };
    let is_captured = |name: &&Ident| captures.contains(&&*plain(name)) && !is_given(name);
    function.names().map(|(name, _)| name).filter(is_captured).collect()
}

/// What stands in single braces, before its format.
fn captures(text: &str) -> Vec<&str> {
    let mut captures = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('{') {
        if let Some(escaped) = after.strip_prefix('{') {
            rest = escaped;
            continue;
        }
        let (inside, after) = after.split_once('}').unwrap_or((after, ""));
        captures.push(inside.split(':').next().unwrap_or(inside).trim());
        rest = after;
    }
    captures
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::function;

    /// The mentions and the binders of an argument `id` in an expression.
    fn counts(expr: &str) -> (usize, usize) {
        let function = function::parse("fn f(id: u64) {}".parse().expect("an item"), "cached");
        let Ok(function) = function else { panic!("the function is refused") };
        let tokens: TokenStream = expr.parse().expect("an expression");
        (names_in(tokens.clone(), &function).len(), binders_in(tokens, &function).len())
    }

    #[test]
    fn values_are_mentions() {
        for expr in [
            "id",
            "id.a",
            "id == 1",
            "id != (1)",
            "id <= 1",
            "0..id",
            "..=id",
            "f(id)",
            "S { id }",
            "S { id: id.a }",
            "!id",
            "format!(\"{id}\")",
            "format!(\"{id:04}\")",
            "g!(id)",
            "x | id | y",
            "f(a) | id | y",
            "|x: Vec<u8>| x | id | x",
            "match 1 { _ if id => 2 }",
            "match 1 { 1 => if id { 1 } else { 2 } _ => 3 }",
            "if let Some(x) = id {}",
            "match 1 { 1 => id, _ => 2 }",
            "if let 0..=9 = id {}",
            "matches!(id, Some(x) if x > 1)",
        ] {
            assert_eq!(counts(expr), (1, 0), "{expr}");
        }
    }

    #[test]
    fn members_macros_labels_and_what_is_no_capture_are_not() {
        for expr in [
            "a.id",
            "id::f()",
            "a::id",
            "id!(1)",
            "'id: loop { break 'id }",
            "S { id: 1 }",
            "format!(\"{{id}}\")",
            "format!(\"{id}\", id = 1)",
            "format!(\"{}\", \"{id}\")",
            "f(\"{id}\")",
        ] {
            assert_eq!(counts(expr), (0, 0), "{expr}");
        }
    }

    #[test]
    fn what_patterns_bind_is_found() {
        for expr in [
            "|id| 1",
            "|id: u8| 1",
            "f(|&id| 1)",
            "f(1, move |(a, id)| 1)",
            "f(|S { id }| 1)",
            "{ let id = 1; 2 }",
            "{ let mut id: u8 = 1; 2 }",
            "if let Some(id) = x { 1 }",
            "if let S { a: id } = x {}",
            "match x { id => 1 }",
            "match x { 1 => 2, id if a => 1 }",
            "match x { 1 => {} Some(id) => {} }",
            "match x { 1 => if a {} else {} id @ 1 => {} }",
            "for id in x {}",
            "{ fn f(id: u8) {} }",
            "{ const id: u8 = 1; }",
            "matches!(x, Some(id))",
            "format!(\"{}\", f(|id| 1))",
            "f(|a| 1, |id| 2)",
            "f(|a: Vec<u8>| a, |id| 2)",
            "f(|| |id| 1)",
        ] {
            assert_eq!(counts(expr).1, 1, "{expr}");
        }
    }
}

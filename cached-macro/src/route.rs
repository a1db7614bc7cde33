//! The parts of a URI that a route names, as in `#[get("/items/<id>?<page>")]`.

use proc_macro2::{TokenStream, TokenTree};
use syn::{Lit, Meta, Type};

use crate::framework::Framework;
use crate::function::Function;

/// What a function's route says of its parameters.
pub(crate) enum Route<'a> {
    /// It names none: the framework tells them by their types.
    Silent,
    /// It names these.
    Names(Vec<String>),
    /// It is out of sight, above our attribute.
    Hidden(&'a Framework),
}

impl<'a> Route<'a> {
    pub(crate) fn of(framework: &'a Framework, function: &Function) -> Self {
        if !framework.has_named_parts {
            return Self::Silent;
        }
        match framework.route(&function.attrs).map(|attr| &attr.meta) {
            Some(Meta::List(list)) => Self::Names(parts(&uri(list.tokens.clone()))),
            Some(_) => Self::Names(Vec::new()),
            None => Self::Hidden(framework),
        }
    }

    /// Whether a parameter is a part of the URI.
    pub(crate) fn has(&self, name: &str, ty: &Type) -> bool {
        match self {
            Self::Silent => false,
            Self::Names(names) => names.iter().any(|known| known == name),
            Self::Hidden(framework) => framework.is_plain(ty),
        }
    }
}

/// The URI of a route: its first text that stands alone, or that of `uri = ".."`.
fn uri(tokens: TokenStream) -> String {
    let tokens: Vec<_> = tokens.into_iter().collect();
    let mut arguments = tokens.split(|token| is_punct(token, ','));
    arguments
        .find_map(|argument| match argument {
            [text] => text_of(text),
            [TokenTree::Ident(name), equals, text] if name == "uri" && is_punct(equals, '=') => {
                text_of(text)
            }
            _ => None,
        })
        .unwrap_or_default()
}

fn is_punct(token: &TokenTree, char: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == char)
}

fn text_of(token: &TokenTree) -> Option<String> {
    match token {
        TokenTree::Literal(literal) => match Lit::new(literal.clone()) {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        TokenTree::Group(group) => {
            match group.stream().into_iter().collect::<Vec<_>>().as_slice() {
                [token] => text_of(token),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The names in `<..>`.
fn parts(uri: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = uri;
    while let Some((_, after)) = rest.split_once('<') {
        let Some((name, after)) = after.split_once('>') else { break };
        parts.push(name.trim_end_matches("..").to_owned());
        rest = after;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::{parts, uri};

    #[test]
    fn a_route_names_parts_of_its_uri() {
        let named = |route: &str| parts(&uri(route.parse().expect("tokens")));
        assert_eq!(named("\"/a/<id>?<page>&<filter..>\""), ["id", "page", "filter"]);
        assert_eq!(named("GET, uri = \"/a/<id>\", data = \"<form>\""), ["id"]);
        assert_eq!(named("\"/a\", format = \"json\", data = \"<form>\""), [""; 0]);
    }
}

//! The parts of a URI that a route names, as in `#[get("/items/<id>?<page>")]`.

use proc_macro2::{TokenStream, TokenTree};
use syn::{Lit, Meta, Type};

use crate::framework::{Framework, Reads};
use crate::function::Function;

/// What a function's route says of its parameters.
pub(crate) enum Route<'a> {
    /// It names none: the framework tells them by their types.
    Silent,
    /// It names these.
    Names(Vec<Part>),
    /// It is out of sight, above our attribute.
    Hidden(&'a Framework),
}

/// A part of a URI that a parameter is given.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part {
    name: String,
    reads: Reads,
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

    /// What a parameter reads, where it is a part of the URI.
    pub(crate) fn reads(&self, name: &str, ty: &Type) -> Option<Reads> {
        match self {
            Self::Silent => None,
            Self::Names(parts) => {
                parts.iter().find(|part| part.name == name).map(|part| part.reads)
            }
            Self::Hidden(framework) => framework.is_plain(ty).then_some(Reads::Uri),
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

/// What stands in `<..>`.
fn parts(uri: &str) -> Vec<Part> {
    let query = uri.find('?').unwrap_or(uri.len());
    let openings = uri.match_indices('<');
    let named = openings.filter_map(|(at, _)| {
        let (name, _) = uri[at + 1..].split_once('>')?;
        // What takes all that is left may be called anything in the query.
        let reads = match name.strip_suffix("..") {
            None if at > query => Reads::QueryName,
            _ => Reads::Uri,
        };
        Some(Part { name: name.trim_end_matches('.').to_owned(), reads })
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::{Part, Reads, parts, uri};

    #[test]
    fn a_route_names_parts_of_its_uri() {
        let named = |route: &str| {
            let parts = parts(&uri(route.parse().expect("tokens"))).into_iter();
            parts.map(|Part { name, reads }| (name, reads)).collect::<Vec<_>>()
        };
        let of_path = |name: &str| (name.to_owned(), Reads::Uri);
        let of_query = |name: &str| (name.to_owned(), Reads::QueryName);
        assert_eq!(
            named("\"/a/<id>?<page>&<filter..>\""),
            [of_path("id"), of_query("page"), of_path("filter")],
        );
        assert_eq!(named("GET, uri = \"/a/<id..>\", data = \"<form>\""), [of_path("id")]);
        assert_eq!(named("\"/a\", format = \"json\", data = \"<form>\""), []);
    }
}

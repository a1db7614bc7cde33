//! The tags of entries: templates over the arguments, and a closure over the value.

use std::collections::BTreeMap;

use proc_macro2::{Span, TokenStream};
use syn::parse::Parser as _;
use syn::punctuated::Punctuated;
use syn::{Expr, Lit, Token};

use super::ungrouped;
use crate::args::{Args, Value};
use crate::diagnostics::Errors;
use crate::function::{Function, plain};
use crate::template::{self, Template, names_in};

/// Tags that an entry may have.
const MOST: usize = 16;

#[derive(Default)]
pub(crate) struct Tags {
    pub(crate) templates: Vec<Template>,
    /// What makes tags of a value.
    pub(crate) closure: Option<Expr>,
}

pub(super) fn tags(
    args: &mut Args,
    skipped: &BTreeMap<String, Span>,
    function: &Function,
    errors: &mut Errors,
) -> Tags {
    let mut tags = Tags::default();
    let Some((name, Value::List(list))) = args.take("tags") else { return tags };
    let Some(list) = errors.absorb(parse(list)) else {
        args.is_complete = false;
        return tags;
    };
    if list.is_empty() {
        errors.at(
            &name,
            "`tags()` names nothing; write a tag such as `tags(\"users\")`, or remove it",
        );
    }
    for expr in list {
        match ungrouped(expr) {
            Expr::Lit(literal) if matches!(literal.lit, Lit::Str(_)) => {
                tags.templates.extend(template_of(&literal.lit, skipped, function, errors));
            }
            Expr::Closure(closure) if tags.closure.is_none() => {
                tags.closure = Some(Expr::Closure(closure));
            }
            Expr::Closure(closure) => {
                errors.at(closure, "`tags` takes one closure; return all tags of a value from it");
            }
            other => errors.at(
                other,
                "`tags` takes templates such as \"user:{id}\", and a closure such as `|user| [format!(\"team:{}\", user.team)]`",
            ),
        }
    }
    if tags.templates.len() > MOST {
        errors.at(
            &name,
            format!(
                "an entry has at most {MOST} tags, and these are {}; give several entries one tag",
                tags.templates.len(),
            ),
        );
    }
    tags
}

/// The elements of `tags(..)`.
pub(crate) fn parse(list: TokenStream) -> Result<Vec<Expr>, Errors> {
    let list = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(list)?;
    Ok(list.into_iter().collect())
}

/// The template of one tag.
pub(crate) fn template(literal: &Lit, function: &Function) -> Result<Template, Errors> {
    let mut errors = Errors::default();
    match literal {
        Lit::Str(text) if text.value().is_empty() => {
            errors.at(
                text,
                "an empty tag names nothing; write one such as \"users\" or \"user:{id}\"",
            );
        }
        Lit::Str(text) => return template::parse(text, function),
        other => errors.at(other, "a tag is a text such as \"users\" or \"user:{id}\""),
    }
    Err(errors)
}

/// The same, known wherever an entry is: by the arguments that are not skipped.
fn template_of(
    literal: &Lit,
    skipped: &BTreeMap<String, Span>,
    function: &Function,
    errors: &mut Errors,
) -> Option<Template> {
    let template = errors.absorb(template(literal, function))?;
    let names = template.values().flat_map(|value| names_in(value.clone(), function));
    for name in names.map(plain).filter(|name| skipped.contains_key(name)) {
        errors.at(literal, format!(
            "`{name}` is skipped, so calls that share an entry would give it different tags; remove it from the tag or from `skip`"
        ));
    }
    Some(template)
}

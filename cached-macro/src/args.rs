//! The syntax of the attributes' arguments. Their names are `table.rs`.

mod table;

use proc_macro2::{Ident, Span, TokenStream};
use syn::ext::IdentExt as _;
use syn::parse::{ParseStream, Parser as _};
use syn::{Expr, Token, parenthesized};

use crate::attribute::Attribute;
use crate::diagnostics::Errors;

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

    /// What stands in the brackets of an argument of the form `name(..)`.
    pub(crate) fn list(&self, name: &str) -> Option<&TokenStream> {
        match &self.list.iter().find(|arg| arg.name == name)?.value {
            Value::List(list) => Some(list),
            _ => None,
        }
    }

    /// The place of an argument.
    pub(crate) fn span(&self, name: &str) -> Option<Span> {
        self.list.iter().find(|arg| arg.name == name).map(|arg| arg.name.span())
    }
}

/// Reads the arguments as far as they can be understood.
pub(crate) fn parse(tokens: TokenStream, attribute: Attribute, errors: &mut Errors) -> Args {
    let mut args = Args { list: Vec::new(), is_complete: true };
    let parser = |input: ParseStream<'_>| {
        while !input.is_empty() {
            let arg = arg(input)?;
            if let Some(problem) = table::problem(&arg, &args.list, attribute) {
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

//! The attributes of `cached_runtime` and `cached_web`, which re-export and document them.
//!
//! `#[cached]` goes three ways, none of which reaches back: `args` reads what stands in the
//! parentheses, `spec` says what is wrong with it or what it means, `codegen` writes the
//! function anew. So does `#[cached_response]`, which shares what it can of each: one attribute for
//! each framework, all the same code. `#[invalidates]` is small enough to do all three in one file.
//!
//! Nothing here knows a store, a codec or a clock, and generated code decides nothing: it names the
//! function's parts and hands them to `__private`. Of web frameworks `framework` has names, and
//! nothing else has any.

/// Quotes tokens whose local names no user code can see, or shadow.
macro_rules! hygienic {
    ($($tokens:tt)*) => {
        ::quote::quote_spanned!(::proc_macro2::Span::mixed_site()=> $($tokens)*)
    };
}

mod args;
mod attribute;
mod codegen;
mod diagnostics;
mod duration;
mod framework;
mod function;
mod invalidates;
mod returned;
mod route;
mod spec;
mod template;

use proc_macro::TokenStream;

use attribute::Attribute;
use framework::Framework;

/// Caches what a function returns. Documented in `cached_runtime`.
#[proc_macro_attribute]
pub fn cached(args: TokenStream, item: TokenStream) -> TokenStream {
    expand(item, Attribute::Cached.name(), |function| {
        let mut errors = diagnostics::Errors::default();
        let args = args::parse(args.into(), Attribute::Cached, &mut errors);
        let spec = spec::check(args, &function, errors)?;
        Ok(codegen::function(&spec, &function))
    })
}

/// Caches what a handler of axum answers. Documented in `cached_web`.
#[proc_macro_attribute]
pub fn axum_cached_response(args: TokenStream, item: TokenStream) -> TokenStream {
    cached_response(&framework::AXUM, args, item)
}

/// Caches what a handler of actix-web answers. Documented in `cached_web`.
#[proc_macro_attribute]
pub fn actix_cached_response(args: TokenStream, item: TokenStream) -> TokenStream {
    cached_response(&framework::ACTIX, args, item)
}

/// Caches what a handler of rocket answers. Documented in `cached_web`.
#[proc_macro_attribute]
pub fn rocket_cached_response(args: TokenStream, item: TokenStream) -> TokenStream {
    cached_response(&framework::ROCKET, args, item)
}

/// Caches what a handler of poem answers. Documented in `cached_web`.
#[proc_macro_attribute]
pub fn poem_cached_response(args: TokenStream, item: TokenStream) -> TokenStream {
    cached_response(&framework::POEM, args, item)
}

/// Caches what a handler of salvo answers. Documented in `cached_web`.
#[proc_macro_attribute]
pub fn salvo_cached_response(args: TokenStream, item: TokenStream) -> TokenStream {
    cached_response(&framework::SALVO, args, item)
}

fn cached_response(
    framework: &'static Framework,
    args: TokenStream,
    item: TokenStream,
) -> TokenStream {
    expand(item, Attribute::Response.name(), |function| {
        codegen::response::expand(framework, args.into(), function)
    })
}

/// Invalidates entries of cached functions once this one has succeeded. Documented in
/// `cached_runtime`.
#[proc_macro_attribute]
pub fn invalidates(args: TokenStream, item: TokenStream) -> TokenStream {
    expand(item, "invalidates", |function| {
        invalidates::expand(args.into(), Attribute::Cached, &function)
    })
}

/// The same for programs that know `cached_web` alone. Documented there.
#[proc_macro_attribute]
pub fn web_invalidates(args: TokenStream, item: TokenStream) -> TokenStream {
    expand(item, "invalidates", |function| {
        invalidates::expand(args.into(), Attribute::Response, &function)
    })
}

/// Expands a function; on errors leaves it as it is, so that its callers do not fail as well.
fn expand(
    item: TokenStream,
    attribute: &str,
    expand: impl FnOnce(function::Function) -> Result<proc_macro2::TokenStream, diagnostics::Errors>,
) -> TokenStream {
    let item = proc_macro2::TokenStream::from(item);
    let expanded = function::parse(item.clone(), attribute).and_then(expand);
    expanded.unwrap_or_else(|errors| errors.beside(&item)).into()
}

//! What `#[cached_response]` says of a handler. Which parameters its key has to hold is
//! `coverage.rs`; what is stored and sent, `rules.rs`.

mod coverage;
mod directives;
mod fields;
mod query;
mod rules;

use std::collections::BTreeMap;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens as _, quote};
use syn::{Expr, FnArg, GenericParam, Pat, Path, PathArguments, ReturnType, Type};

use super::caching::{self, Caching, Handle, Subject};
use super::{Background, Kept, Key, key, ungrouped};
use crate::args::Args;
use crate::attribute::Attribute;
use crate::diagnostics::Errors;
use crate::framework::{Early, Framework, Keeping, Place, Reads};
use crate::function::{Function, plain};
use crate::returned;
use coverage::LeftOut;

pub(crate) struct Spec {
    pub(crate) framework: &'static Framework,
    pub(crate) caching: Caching,
    pub(crate) request: Request,
    /// When a response that lies ready may answer.
    pub(crate) early: Early,
    /// Whose the response is.
    pub(crate) per: Option<Expr>,
    /// Calls on the rules, such as `.host(false)`.
    pub(crate) rules: Vec<TokenStream>,
}

/// Where a handler has what the cache knows of a request.
#[derive(Clone, Copy)]
pub(crate) enum Request {
    /// It is given to it besides its parameters.
    Added,
    /// In the parameter of this number.
    Taken(usize),
}

/// The name by which expressions know the request.
pub(crate) const REQUEST: &str = "request";

/// `errors` has what is wrong with the syntax of the arguments.
pub(crate) fn check(
    mut args: Args,
    framework: &'static Framework,
    function: &Function,
    mut errors: Errors,
) -> Result<Spec, Errors> {
    caching::check_signature(Attribute::Response, function, &mut errors);
    caching::check_names(&args, function, &mut errors);
    check_handler(framework, function, &mut errors);
    let home = caching::home(&mut args, Attribute::Response, &mut errors);
    let request = request(framework, function, &mut errors);
    let skipped = key::skipped(&mut args, function, &mut errors);
    rules::check_pairs(&args, &mut errors);
    check_key(&args, &mut errors);
    let per = per(&mut args, &mut errors);
    let key = covered_key(&mut args, framework, function, (&skipped, per.as_ref()), &mut errors);
    // Who waits for a body that flows may wait for one that has no end.
    let waits_shortly = args.span("stream").is_some() && args.span("wait_timeout").is_none();
    let rules = rules::rules(&mut args, &home, per.is_some(), function, &mut errors);
    let subject = Subject { home, function, returned: None };
    let mut caching = caching::caching(&mut args, subject, key, skipped, &mut errors);
    if waits_shortly {
        caching.policy.push(quote!(.wait_timeout(1u64)));
    }
    keep_arguments(caching.background.as_mut(), framework, (function, request), &mut errors);
    check_handle(caching.handle.as_ref(), framework, function, &mut errors);
    caching.skipped.extend(coverage::unkeyed(framework, function));
    let early = early(framework, &caching, per.as_ref(), (function, request));
    errors.or(Spec { framework, caching, request, early, per, rules })
}

/// When a response may answer that lies ready under the default key, which the request alone makes.
fn early(
    framework: &Framework,
    caching: &Caching,
    per: Option<&Expr>,
    (function, request): (&Function, Request),
) -> Early {
    let is_default = matches!(caching.key, Key::Request) && per.is_none();
    if !is_default || caching.unless.is_some() || caching.refresh.is_some() {
        return Early::Never;
    }
    match (framework.early, request) {
        (Early::Extractor | Early::Wrapper, Request::Taken(_)) => Early::Never,
        // Of what there may be several, who answers before it cannot know one.
        (Early::Extractor | Early::Wrapper, _) if is_generic(function) => Early::Never,
        (Early::Wrapper, _) if !is_wrapped(framework, function) => Early::Never,
        (early, _) => early,
    }
}

/// Whether a handler may be put around one: it is one, and nothing else is made of it that would have
/// to be made of both.
fn is_wrapped(framework: &Framework, function: &Function) -> bool {
    let route = framework.route(&function.attrs).and_then(|route| route.path().segments.last());
    let is_conditional = function.attrs.iter().any(|attr| attr.path().is_ident("cfg"));
    route.is_some_and(|last| last.ident == framework.route_name()) && !is_conditional
}

/// Whether a function says itself that there may be several of it.
fn is_generic(function: &Function) -> bool {
    let mut generics = function.sig.generics.params.iter();
    generics.any(|param| !matches!(param, GenericParam::Lifetime(_)))
        || function.params.iter().any(|param| param.has_impl)
}

/// The name of the request where the user gives it none.
pub(crate) fn added() -> Ident {
    Ident::new("__cached_request", Span::mixed_site())
}

/// What a load in the background is given besides clones: what the cache knows of the request, and
/// what is no `Clone`.
fn keep_arguments(
    background: Option<&mut Background>,
    framework: &Framework,
    (function, request): (&Function, Request),
    errors: &mut Errors,
) {
    let Some(background) = background else { return };
    let option = &background.option;
    if framework.keeping == Keeping::Never {
        let module = framework.module;
        errors.at(option, format!(
            "{module} makes a response for its request alone, so that no load can run in the background; remove `{option}`"
        ));
    }
    background.is_associated |= framework.place == Place::Impl;
    for (kept, input) in background.kept.iter_mut().zip(&function.sig.inputs) {
        if let (Kept::Name { name, references: 0 }, FnArg::Typed(typed)) = (&*kept, input)
            && let Some(wrapper) = framework.wrapper(&typed.ty)
        {
            let constructor = wrapper.is_tuple.then(|| constructor(&typed.ty)).flatten();
            *kept = Kept::Inside { name: name.clone(), constructor };
        }
    }
    let kept = |name: Ident| match framework.keeping {
        Keeping::Parts => Kept::Request { name, module: framework.module },
        Keeping::Clone | Keeping::Never => Kept::Name { name, references: 0 },
    };
    match request {
        Request::Added => background.kept.insert(0, kept(added())),
        Request::Taken(idx) => {
            if let Some(Kept::Name { name, references: 0 }) = background.kept.get(idx) {
                background.kept[idx] = kept(name.clone());
            }
        }
    }
}

/// `axum::extract::Path` of the type `axum::extract::Path<u64>`.
fn constructor(ty: &Type) -> Option<Path> {
    let Type::Path(path) = ty else { return None };
    let mut path = path.path.clone();
    path.segments.last_mut()?.arguments = PathArguments::None;
    Some(path)
}

fn check_handler(framework: &Framework, function: &Function, errors: &mut Errors) {
    if let Some(FnArg::Receiver(receiver)) = function.sig.inputs.first() {
        errors.at(
            receiver,
            "a handler has no `self`; put `#[cached_response]` on a function, or `#[cached]` on this method",
        );
    }
    check_methods(framework, function, errors);
    if let ReturnType::Type(_, ty) = &function.sig.output
        && returned::is_future(ty)
    {
        errors.at(ty, "a future cannot be cached, only what it gives; write `async fn`");
    }
    for input in &function.sig.inputs {
        let FnArg::Typed(typed) = input else { continue };
        match framework.reads(&typed.ty) {
            Reads::Response => errors.at(
                &typed.ty,
                "what is written to this response cannot be cached; return the response instead",
            ),
            Reads::Cookies => errors.at(
                &typed.ty,
                "a cookie that is set here is sent beside the response, where no cache sees it; set it as a field of the response, or remove `#[cached_response]`",
            ),
            _ => {}
        }
    }
}

/// Only answers to GET are kept.
fn check_methods(framework: &Framework, function: &Function, errors: &mut Errors) {
    let routes = framework.routes(&function.attrs);
    let routes = routes.filter_map(|attr| attr.path().segments.last().map(|last| &last.ident));
    let routes: Vec<_> = routes.filter(|route| *route != "routes").collect();
    let is_other = |route: &Ident| OTHER_METHODS.iter().any(|method| route == method);
    if let [route, ..] = routes[..]
        && routes.iter().all(|route| is_other(route))
    {
        errors.at(route, format!(
            "a handler of `#[{route}]` is never cached, only one of `#[get]`; remove `#[cached_response]`, or write `#[invalidates(tags(..))]` if it changes what others answer"
        ));
    }
}

/// Attributes that make handlers of what is never kept, or never brings what is.
const OTHER_METHODS: [&str; 8] =
    ["post", "put", "delete", "patch", "head", "options", "trace", "connect"];

/// The parameter that has the request, if one does.
fn request(framework: &Framework, function: &Function, errors: &mut Errors) -> Request {
    let taken = function.sig.inputs.iter().enumerate().find_map(|(idx, input)| match input {
        FnArg::Typed(typed) if framework.reads(&typed.ty) == Reads::Request => Some((idx, typed)),
        _ => None,
    });
    let Some((idx, typed)) = taken else { return Request::Added };
    match &*typed.pat {
        Pat::Ident(bound) if bound.by_ref.is_none() && bound.subpat.is_none() => {}
        Pat::Wild(_) => {}
        other => errors.at(other, "the cache needs the request whole; give it a name"),
    }
    Request::Taken(idx)
}

/// `per = user.id`
fn per(args: &mut Args, errors: &mut Errors) -> Option<Expr> {
    let (_, expr) = args.take_value("per")?;
    let expr = ungrouped(expr);
    match expr {
        Expr::Lit(_) => errors.at(
            &expr,
            "this identity is the same for every request; write an expression over the arguments, such as `user.id`",
        ),
        Expr::Closure(_) => errors.at(
            &expr,
            "`per` takes an expression over the arguments, such as `user.id`; write it without `||`",
        ),
        _ => {}
    }
    Some(expr)
}

/// What is about the default key means nothing beside another.
fn check_key(args: &Args, errors: &mut Errors) {
    if args.span("key").is_none() {
        return;
    }
    for name in ["ignore_query", "only_query"] {
        if let Some(span) = args.span(name) {
            errors.at_span(span, format!(
                "cannot combine `key` and `{name}`, which is about the query in the default key; remove one"
            ));
        }
    }
}

/// The key, every parameter in it or known not to matter.
fn covered_key(
    args: &mut Args,
    framework: &Framework,
    function: &Function,
    (skipped, per): (&BTreeMap<String, Span>, Option<&Expr>),
    errors: &mut Errors,
) -> Key {
    let left_out = LeftOut::of(args);
    let of_identity = match per {
        Some(per) => key::mentioned_in(per.to_token_stream(), function, errors),
        None => Some(Vec::new()),
    };
    if let (Some(per), Some(mentioned)) = (per, &of_identity)
        && !coverage::can_differ(framework, mentioned, function)
        && !matches!(per, Expr::Lit(_) | Expr::Closure(_))
    {
        errors.at(
            per,
            "this identity is the same for every request; write an expression over the arguments, such as `user.id`",
        );
    }
    let (key, of_key) = if args.span("key").is_none() {
        (Key::Request, Some(Vec::new()))
    } else {
        let Some(key) = key::given(args, function, errors) else { return Key::Request };
        let mentioned = key::mentioned(&key, function, errors);
        (key, mentioned)
    };
    if let (Some(mut mentioned), Some(of_identity)) = (of_key, of_identity)
        && args.is_complete
    {
        mentioned.extend(of_identity);
        coverage::check(framework, (&key, &left_out), &mentioned, skipped, function, errors);
    }
    key
}

/// The handle is an item beside the function: of another name than what the route makes, and
/// where it can be reached.
fn check_handle(
    handle: Option<&Handle>,
    framework: &Framework,
    function: &Function,
    errors: &mut Errors,
) {
    let name = plain(&function.sig.ident);
    let written = framework.route(&function.attrs).and_then(|attr| attr.path().segments.last());
    let route = written.map_or(framework.route_name().to_owned(), |last| last.ident.to_string());
    match handle {
        Some(Handle::Impl(span)) => errors.at_span(
            *span,
            format!("a handler's cache is an item beside it; write `handle = {name}_cache`"),
        ),
        Some(Handle::Item(item, span)) if framework.module != "axum" && plain(item) == name => {
            errors.at_span(*span, format!(
                "`#[{route}]` makes a type called `{name}` already; write `handle = {name}_cache`"
            ));
        }
        Some(Handle::Item(_, span))
            if framework.place != Place::Here
                && !framework.has_plain_handlers
                && framework.route(&function.attrs).is_none() =>
        {
            errors.at_span(*span, format!(
                "`#[{route}]` has put this function where its handle cannot be reached; put `#[cached_response]` above `#[{route}]`"
            ));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;

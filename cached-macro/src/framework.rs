//! What differs between web frameworks, as far as the attribute has to know it.

use syn::{Attribute, GenericArgument, PathArguments, Type};

/// A framework, as the attribute sees it.
pub(crate) struct Framework {
    /// Its module in `cached_web`.
    pub(crate) module: &'static str,
    /// Types of parameters that read nothing but the method and the URI, besides those that are the
    /// same for all.
    covered: &'static [&'static str],
    /// Types of parameters that hold what is the same for every request.
    exempt: &'static [&'static str],
    /// Types of parameters that a handler writes its response to.
    outputs: &'static [&'static str],
    /// Types of parameters by which a handler sets cookies after its response was kept.
    cookies: &'static [&'static str],
    /// Attributes that make a handler of a function.
    routes: &'static [&'static str],
    /// Where these put the function.
    pub(crate) place: Place,
    /// Types that borrow from the request, and that a function which is not async may name without
    /// their lifetime. What the cache knows of a request is among them, or there are none.
    pub(crate) borrowing: &'static [&'static str],
    /// Whether a function is a handler without an attribute of the framework's.
    pub(crate) has_plain_handlers: bool,
    /// How that is kept for a load after the request.
    pub(crate) keeping: Keeping,
    /// Types that have no `Clone`, but point at what they are made of.
    wrappers: &'static [Wrapper],
    /// When a response that lies ready may answer.
    pub(crate) early: Early,
    /// Whether the route says which parameters are parts of the URI.
    pub(crate) has_named_parts: bool,
}

/// A type that is kept by what it points at.
#[derive(Clone, Copy)]
pub(crate) struct Wrapper {
    name: &'static str,
    /// Whether `Name(inside)` makes it; `From` does otherwise.
    pub(crate) is_tuple: bool,
}

/// Where a framework's own attribute puts a function.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// It stays where it is.
    Here,
    /// Into another function, where no item beside it can be reached.
    Function,
    /// Into an `impl`.
    Impl,
}

/// How a request is kept for a load that nobody waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeping {
    /// As it is.
    Clone,
    /// As something that can be sent, of which it is made again.
    Parts,
    /// It cannot be: the framework makes responses for requests that it alone can make.
    Never,
}

/// When a response that lies ready may answer, and all is spared that only a load needs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Early {
    /// Before the arguments are made, in place of the first: an extractor may answer.
    Extractor,
    /// Before the arguments are made, by a handler around the handler.
    Wrapper,
    /// At the start of the handler, which has the request as it came.
    Handler,
    /// The request is taken apart when the handler is given it.
    Never,
}

/// What a parameter reads, as far as its type tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reads {
    /// The method, or parts of the URI that every default key holds.
    Uri,
    /// The URI with its host, which a default key may leave out.
    Host,
    /// What its name names in the query, which a default key may leave out.
    QueryName,
    /// What is the same for every request.
    Nothing,
    /// What the cache itself knows of a request.
    Request,
    /// It is not read, but written: the response.
    Response,
    /// It is written, and sent with the response, which does not show it.
    Cookies,
    /// Anything else.
    Other,
}

/// The type that names what the cache knows of a request.
const REQUEST: &str = "RequestInfo";

/// Types of parameters that read nothing but the method and the URI, whatever the framework.
const COVERED: &[&str] = &["Path", "Query", "RawQuery", "MatchedPath", "Method"];

/// The same with the host.
const WITH_HOST: &[&str] = &["Uri", "OriginalUri"];

/// Types of parameters that read what their name names in the query.
const QUERY_NAMES: &[&str] = &["QueryParam"];

/// Types that a part of a URI is read as where the route is not seen.
const PLAIN: &[&str] = &[
    "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16", "u32",
    "u64", "u128", "usize", "str", "String", "PathBuf",
];

pub(crate) const AXUM: Framework = Framework {
    module: "axum",
    covered: &["RawPathParams", "NestedPath", "OptionalQuery"],
    exempt: &["State"],
    outputs: &[],
    cookies: &[],
    routes: &["debug_handler"],
    place: Place::Here,
    borrowing: &[],
    has_plain_handlers: true,
    keeping: Keeping::Clone,
    wrappers: &[Wrapper { name: "Path", is_tuple: true }],
    early: Early::Extractor,
    has_named_parts: false,
};

pub(crate) const ACTIX: Framework = Framework {
    module: "actix",
    covered: &[],
    exempt: &["Data"],
    outputs: &[],
    cookies: &[],
    routes: &[
        "get", "post", "put", "delete", "head", "connect", "options", "trace", "patch", "route",
        "routes",
    ],
    place: Place::Function,
    borrowing: &[],
    has_plain_handlers: true,
    keeping: Keeping::Parts,
    wrappers: &[Wrapper { name: "Path", is_tuple: false }],
    early: Early::Handler,
    has_named_parts: false,
};

pub(crate) const ROCKET: Framework = Framework {
    module: "rocket",
    covered: &["Origin"],
    exempt: &["State"],
    outputs: &[],
    cookies: &[],
    routes: &["get", "post", "put", "delete", "head", "options", "patch", "route"],
    place: Place::Here,
    borrowing: &[REQUEST, "CookieJar", "FlashMessage", "Origin"],
    has_plain_handlers: false,
    keeping: Keeping::Never,
    wrappers: &[],
    early: Early::Never,
    has_named_parts: true,
};

// `Data` is an extension of the request there, which middleware may put the user in.
pub(crate) const POEM: Framework = Framework {
    module: "poem",
    covered: &["PathPattern"],
    exempt: &[],
    outputs: &[],
    cookies: &["CookieJar", "Session"],
    routes: &["handler"],
    place: Place::Function,
    borrowing: &[],
    has_plain_handlers: false,
    keeping: Keeping::Clone,
    wrappers: &[],
    early: Early::Never,
    has_named_parts: false,
};

pub(crate) const SALVO: Framework = Framework {
    module: "salvo",
    covered: &["PathParam"],
    exempt: &[],
    outputs: &["Response"],
    cookies: &[],
    routes: &["handler", "endpoint"],
    place: Place::Impl,
    borrowing: &[],
    has_plain_handlers: false,
    keeping: Keeping::Never,
    wrappers: &[],
    early: Early::Wrapper,
    has_named_parts: false,
};

impl Framework {
    /// What a parameter of a type reads.
    pub(crate) fn reads(&self, ty: &Type) -> Reads {
        let Some(name) = last_name(ty) else { return Reads::Other };
        let is_one_of = |names: &[&str]| names.contains(&name.as_str());
        match () {
            () if name == REQUEST => Reads::Request,
            () if is_one_of(self.exempt) => Reads::Nothing,
            () if is_one_of(self.outputs) => Reads::Response,
            () if is_one_of(self.cookies) => Reads::Cookies,
            () if is_one_of(COVERED) || is_one_of(self.covered) => Reads::Uri,
            () if is_one_of(WITH_HOST) => Reads::Host,
            () if is_one_of(QUERY_NAMES) => Reads::QueryName,
            () => Reads::Other,
        }
    }

    /// How a value of a type is kept by what it points at, if it is.
    pub(crate) fn wrapper(&self, ty: &Type) -> Option<Wrapper> {
        let Type::Path(path) = ty else { return None };
        let name = &path.path.segments.last()?.ident;
        self.wrappers.iter().copied().find(|wrapper| name == wrapper.name)
    }

    /// Whether a type is one that parts of a URI are read as, and nothing else of a request is.
    pub(crate) fn is_plain(&self, ty: &Type) -> bool {
        self.has_named_parts && last_name(ty).is_some_and(|name| PLAIN.contains(&name.as_str()))
    }

    /// Whether what the cache knows of a request borrows from it.
    pub(crate) fn is_borrowed(&self) -> bool {
        !self.borrowing.is_empty()
    }

    /// The attribute below ours that makes a handler of the function, if it is still there.
    pub(crate) fn route<'a>(&self, attrs: &'a [Attribute]) -> Option<&'a Attribute> {
        self.routes(attrs).next()
    }

    /// All of them: a function may be a handler of several methods.
    pub(crate) fn routes<'a>(&self, attrs: &'a [Attribute]) -> impl Iterator<Item = &'a Attribute> {
        attrs.iter().filter(|attr| {
            let last = attr.path().segments.last();
            last.is_some_and(|last| self.routes.iter().any(|route| last.ident == route))
        })
    }

    /// The attribute that makes a handler of a function, as users write it.
    pub(crate) fn route_name(&self) -> &'static str {
        self.routes.first().copied().unwrap_or_default()
    }
}

/// The last segment of a type's path; of what may be missing or wrong, that of the type inside.
fn last_name(ty: &Type) -> Option<String> {
    match ty {
        Type::Reference(reference) => last_name(&reference.elem),
        Type::Group(group) => last_name(&group.elem),
        Type::Paren(paren) => last_name(&paren.elem),
        Type::Path(path) => {
            let last = path.path.segments.last()?;
            match &last.arguments {
                PathArguments::AngleBracketed(args)
                    if last.ident == "Option" || last.ident == "Result" =>
                {
                    args.args.iter().find_map(|arg| match arg {
                        GenericArgument::Type(ty) => last_name(ty),
                        _ => None,
                    })
                }
                _ => Some(last.ident.to_string()),
            }
        }
        _ => None,
    }
}

//! The attributes that cache, and where what they write is found.

use proc_macro2::{Span, TokenStream};
use quote::{quote, quote_spanned};

/// An attribute that caches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attribute {
    /// `#[cached]`, of values.
    Cached,
    /// `#[cached_response]`, of what handlers answer.
    Response,
}

impl Attribute {
    /// Its name, as users write it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Cached => "cached",
            Self::Response => "cached_response",
        }
    }

    /// What it caches, as messages call it.
    pub(crate) const fn result(self) -> &'static str {
        match self {
            Self::Cached => "value",
            Self::Response => "response",
        }
    }

    /// The crate that re-exports it, as users write it.
    pub(crate) const fn krate(self) -> &'static str {
        match self {
            Self::Cached => "::cached_runtime",
            Self::Response => "::cached_web",
        }
    }

    fn krate_at(self, span: Span) -> TokenStream {
        match self {
            Self::Cached => quote_spanned!(span=> ::cached_runtime),
            Self::Response => quote_spanned!(span=> ::cached_web),
        }
    }
}

/// Where generated code finds what it calls.
pub(crate) struct Home {
    pub(crate) attribute: Attribute,
    /// The crate, if the user says it.
    given: Option<TokenStream>,
}

impl Home {
    pub(crate) fn new(attribute: Attribute, given: Option<TokenStream>) -> Self {
        Self { attribute, given }
    }

    /// The crate of the attribute, for a path whose mistakes are shown at `span`.
    pub(crate) fn krate_at(&self, span: Span) -> TokenStream {
        self.given.clone().unwrap_or_else(|| self.attribute.krate_at(span))
    }

    /// What generated code calls of `cached_runtime`.
    pub(crate) fn rt_at(&self, span: Span) -> TokenStream {
        let krate = self.krate_at(span);
        match self.attribute {
            Attribute::Cached => quote!(#krate::__private),
            Attribute::Response => quote!(#krate::__private::rt),
        }
    }

    /// The same, for paths that are always found.
    pub(crate) fn rt(&self) -> TokenStream {
        self.rt_at(Span::mixed_site())
    }
}

//! Answers before a handler's arguments are made, where these are made of the URI alone.
//!
//! The default key holds the URI, and what filled an entry went through the handler's extractors. So
//! for a request that finds the entry the framework's own extractors of the URI would say the same
//! again, and are not asked any more. One extractor of anything else, and all of them run first.

use std::marker::PhantomData;

use http::{Method, Uri};

use crate::answer::Answer;
use crate::engine::To;
use crate::request::Asked;
use crate::rt::{Instance, Site};
use crate::rules::Rules;

/// Where the responses of a handler are that may answer early.
#[derive(Clone, Copy)]
pub(crate) struct Early {
    to: To,
    rules: &'static Rules,
}

impl Early {
    /// None where its arguments have to be made first: it `reads` the URI alone in those where that is
    /// true.
    pub(crate) fn new(
        site: &'static Site,
        instance: Instance,
        rules: &'static Rules,
        reads: &[bool],
    ) -> Option<Self> {
        let may_answer = rules.query.is_whole() && reads.iter().all(|of_uri| *of_uri);
        may_answer.then_some(Self { to: To { site, instance }, rules })
    }

    pub(crate) fn answer(self, asked: Asked<'_>) -> Option<Answer> {
        self.to.ready_answer(self.rules, asked)
    }

    /// Whether another one is of the same handler.
    #[cfg(feature = "axum")]
    pub(crate) fn is_of(self, other: Self) -> bool {
        std::ptr::eq(self.to.site, other.to.site)
    }
}

/// Whether a type of arguments is one of the framework's that read the URI, the method or
/// nothing.
pub struct Reads<T>(PhantomData<T>);

/// What is said of every type, and not looked at where [`Reads`] itself says more.
pub trait ReadsMore {
    /// Its values may be made of anything.
    const OF_URI: bool = false;
}

impl<T> ReadsMore for Reads<T> {}

impl<T: OfUri> Reads<T> {
    /// Its values are made of what the default key holds.
    pub const OF_URI: bool = true;
}

/// What is made of the URI, the method or nothing of the request.
pub trait OfUri {}

impl OfUri for Method {}
impl OfUri for Uri {}
impl<T: OfUri> OfUri for Option<T> {}
impl<T: OfUri, E> OfUri for Result<T, E> {}

/// Of each type of arguments, whether it reads the URI alone.
#[doc(hidden)]
#[macro_export]
macro_rules! __reads {
    ($($ty:ty,)*) => {{
        #[allow(unused_imports, reason = "needed only where an argument reads more")]
        use $crate::__private::ReadsMore as _;
        [$($crate::__private::Reads::<$ty>::OF_URI),*]
    }};
}

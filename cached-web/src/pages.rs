//! What becomes of a load of responses, in the terms of the call algorithm.

use std::convert::Infallible;

use crate::kept::Kept;
use crate::rt::{
    Adapter, Always, Declared, Failing, Loaded, Pick, Rules, SomeErrors, Storing, Untagged, rules,
};
use cached_runtime::Outcome;

/// What a load comes to.
pub(crate) type Result = std::result::Result<Found, Unkept>;

/// What an entry or a load brings.
pub(crate) struct Found {
    pub(crate) kept: Kept,
    /// How it was found; none for what this very call has loaded.
    pub(crate) outcome: Option<Outcome>,
}

/// Why a load brings nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unkept {
    /// The handler failed: an older response may stand in.
    Failed,
    /// It took longer than `hard_timeout`.
    Late,
    /// Its response is its caller's alone.
    Private,
}

impl From<Kept> for Found {
    fn from(kept: Kept) -> Self {
        Self { kept, outcome: None }
    }
}

/// Stores what is kept, and hands on how it was found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pages;

impl Adapter<Result> for Pages {
    type Item = Kept;
    type Value = Kept;
    type Failure = Infallible;

    fn look<'r>(&self, result: &'r Result) -> Loaded<'r, Kept> {
        match result {
            // It never takes the place of a response, nor stands in for one.
            Ok(Found { kept: Kept::Passes, .. }) | Err(Unkept::Private) => Loaded::Nothing,
            Ok(found) => Loaded::Value(&found.kept),
            Err(Unkept::Failed | Unkept::Late) => Loaded::Error,
        }
    }
    fn value(&self, result: &Result) -> Option<Kept> {
        result.as_ref().ok().map(|found| found.kept.clone())
    }
    fn failure(&self, _: &Result) -> Option<Infallible> {
        None
    }
    fn restore(&self, value: Kept) -> Result {
        Ok(value.into())
    }
    fn restore_as(&self, kept: Kept, outcome: impl FnOnce() -> Outcome) -> Result {
        let outcome = matches!(kept, Kept::Page(_)).then(outcome);
        Ok(Found { kept, outcome })
    }
    fn restore_failure(&self, failure: Infallible) -> Result {
        match failure {}
    }
    fn is_answer(&self, kept: &Kept) -> bool {
        matches!(kept, Kept::Page(_))
    }
    fn weight_of_nothing(&self) -> u64 {
        Kept::Passes.weight()
    }
}

/// The terms of all cached responses.
pub(crate) type Terms = Rules<
    Result,
    Pages,
    Storing<Always, Declared, fn(&Kept) -> u64, Untagged>,
    Failing<SomeErrors<Result, fn(&Unkept) -> bool>, fn() -> Unkept>,
>;

pub(crate) fn terms() -> Terms {
    let pick = Pick::<Result>::NEW;
    rules(&pick, Pages)
        .weighed_by(Kept::weight as fn(&Kept) -> u64)
        .stale_if(pick.stale_if((|unkept| *unkept != Unkept::Private) as fn(&Unkept) -> bool))
        .on_timeout((|| Unkept::Late) as fn() -> Unkept)
}

/// A call of a handler.
pub(crate) type Call = crate::rt::Call<Result, Box<str>, Kept, Infallible, Terms>;

/// A load of a response.
pub(crate) type Underway = crate::rt::Underway<Result, Box<str>, Kept, Infallible, Terms>;

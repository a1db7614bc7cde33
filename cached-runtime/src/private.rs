//! What generated code calls. No part of the public contract.

pub use crate::adapter::{
    Adapter, Loaded, Pick, PickOption, PickResult, PickShared, RefuseHidden, RefuseLate, Storable,
};
pub use crate::background::spawn;
pub use crate::call::{
    Begun, Call, Mode, Opened, Refresh, Underway, begin, begin_refreshing, bypass, glance, look,
    look_async, open, peek, run, run_async,
};
pub use crate::check::kept::{
    Keep, KeepBorrowed, RefuseEarly, RefuseRefreshAhead, RefuseSoftTimeout, RefuseStale,
};
pub use crate::check::{Fit, Part, RefuseFit, RefusePart};
pub use crate::handle::{Entry, Handle, OpaqueEntry};
pub use crate::invalidate::{
    Invalidate, SucceedsByShape, Success, Tagged, invalidate, invalidate_async, once,
};
pub use crate::key::argument::{Argument, PartByShape};
pub use crate::key::callable::{
    Fallible, KeyByShape, KeyByText, OkByShape, Whole, apply0, apply1, apply2, apply3, apply4,
    apply5, apply6, apply7, apply8,
};
pub use crate::key::text::{Plain, Slot, Text, TextBuffer, WriteByShape};
pub use crate::policy::{IntoJitter, Policy, Timeout};
pub use crate::rules::{
    Always, Declared, Failing, Rules, SomeErrors, Storing, Terms, Untagged, rules,
};
pub use crate::site::{Instance, Site};
pub use core::ops::ControlFlow;

#[cfg(feature = "json")]
pub use crate::call::{begin_refreshing_shared, begin_shared};
#[cfg(feature = "json")]
pub use crate::check::shared::{FitShared, RefuseFitShared, RefuseIdentity, RefuseSpelled};
#[cfg(feature = "json")]
pub use crate::key::spelled::{Spelled, SpelledByText, SpelledWhole};
#[cfg(feature = "json")]
pub use crate::shared::{SharedEntry, SharedHandle};

#[cfg(not(feature = "json"))]
#[path = "private/without_codec.rs"]
mod without_codec;
#[cfg(not(feature = "json"))]
pub use without_codec::{
    FitShared, RefuseFitShared, RefuseSpelled, SharedEntry, SharedHandle, Spelled, SpelledByText,
    SpelledWhole, begin_refreshing_shared, begin_shared,
};

/// Says that `shared` needs a codec, where there is none.
#[cfg(feature = "json")]
#[doc(hidden)]
#[macro_export]
macro_rules! __codec {
    () => {};
}

/// Says that `shared` needs a codec, where there is none.
#[cfg(not(feature = "json"))]
#[doc(hidden)]
#[macro_export]
macro_rules! __codec {
    () => {
        ::core::compile_error!(
            "`shared` needs a codec; enable the feature `json` of `cached-runtime`, or that of a store: `filesystem`, `redis` or `memcached`"
        )
    };
}

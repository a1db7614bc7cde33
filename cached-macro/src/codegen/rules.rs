//! What is stored of a result, and what the user's closures say of it.

use proc_macro2::{Span, TokenStream};
use quote::quote_spanned;
use syn::spanned::Spanned as _;

use crate::function::at;
use crate::returned::Naming;
use crate::spec::{Caching, Errs, Late, Spec};

// Input:
//
//     #[cached(store_if = |user| user.is_active)] .. -> Result<User, DbError>
//
// Output:
//
//     let __pick = Pick::<Result<User, DbError>>::NEW;
//     let __rules = {
//         use .. as _;
//         rules(&__pick, Fit(&__pick, (&&&&__pick).pick()).checked())
//     }.store_if(|user| user.is_active);
//
// Where entries leave the process, `FitShared(&__pick, ..).checked()` is around the adapter.
//
// What is said of errors and of time comes after that:
//
//     let __stale_if = __pick.stale_if(|error| error.is_io());
//     .. .stale_if(__stale_if).on_timeout(|| DbError::Slow)
pub(super) fn rules(spec: &Spec, span: Span) -> TokenStream {
    // Bound by itself, so that a type which is no `Result` is refused once.
    let bind_stale_if = spec.caching.stale_if.as_ref().map(
        |closure| quote_spanned!(at(closure.span())=> let __stale_if = __pick.stale_if(#closure);),
    );
    let stale_if =
        spec.caching.stale_if.as_ref().map(|_| quote_spanned!(span=> .stale_if(__stale_if)));
    let late = spec.late.as_ref().map(|late| match late {
        Late::Given(expr) => quote_spanned!(at(expr.span())=> .on_timeout(|| #expr)),
        Late::Failure(span) => quote_spanned!(at(*span)=> .fail_on_timeout(__pick.late())),
    });
    let pick = pick(spec, span);
    let rules = expression(spec, &quote_spanned!(span=> #stale_if #late));
    quote_spanned!(span=> #pick #bind_stale_if let __rules = #rules;)
}

/// The same for what only looks at values, and never loads.
pub(super) fn of_values(spec: &Spec, span: Span) -> TokenStream {
    let pick = pick(spec, span);
    let rules = expression(spec, &TokenStream::new());
    quote_spanned!(span=> #pick let __rules = #rules;)
}

/// Binds `__pick`.
fn pick(spec: &Spec, span: Span) -> TokenStream {
    let ty = &spec.returned.ty;
    let rt = spec.caching.rt_at(span);
    let pick = match spec.returned.naming {
        Naming::Hidden => quote_spanned!(span=> #rt::Pick::NEW),
        Naming::Named | Naming::Partial => {
            quote_spanned!(span=> #rt::Pick::<#ty>::NEW)
        }
    };
    quote_spanned!(span=> let __pick = #pick;)
}

/// The rules, given `__pick`; `failing` is what they say for want of a value.
fn expression(spec: &Spec, failing: &TokenStream) -> TokenStream {
    let Spec { caching, returned, weigh, negatives, .. } = spec;
    let Caching { store_if, timeout_of, tags, .. } = caching;
    // What a return type lacks is said where it stands.
    let span = at(returned.declared.span());
    let rt = spec.caching.rt_at(span);
    let err_if = match &negatives.errors {
        Errs::If(err_if) => hygienic!(#err_if),
        Errs::All | Errs::None => quote_spanned!(span=> |_| true),
    };
    // One `&` fewer passes over the adapter that shares errors.
    let picked = if returned.has_short_error {
        quote_spanned!(span=> &&&__pick)
    } else {
        quote_spanned!(span=> &&&&__pick)
    };
    let adapter = match (&negatives.errors, negatives.none) {
        (Errs::All | Errs::If(_), true) => quote_spanned!(span=> __pick.pick_with_both(#err_if)),
        (Errs::All | Errs::If(_), false) => quote_spanned!(span=> __pick.pick_with_errors(#err_if)),
        (Errs::None, true) => quote_spanned!(span=> (#picked).pick_with_none()),
        (Errs::None, false) if returned.naming == Naming::Hidden => {
            quote_spanned!(span=> __pick.hidden())
        }
        (Errs::None, false) => quote_spanned!(span=> (#picked).pick()),
    };
    let mut refusals = hygienic!(RefuseFit as _);
    if matches!(spec.late, Some(Late::Failure(_))) {
        refusals.extend(hygienic!(, RefuseLate as _));
    }
    // The type behind `impl Trait` is known only once the body is.
    let mut adapter = match returned.naming {
        Naming::Hidden => adapter,
        Naming::Named | Naming::Partial => {
            quote_spanned!(span=> #rt::Fit(&__pick, #adapter).checked())
        }
    };
    if spec.caching.shared.is_some() {
        refusals.extend(hygienic!(, RefuseFitShared as _));
        adapter = quote_spanned!(span=> #rt::FitShared(&__pick, #adapter).checked());
    }
    let store_if =
        store_if.as_ref().map(|closure| quote_spanned!(at(closure.span())=> .store_if(#closure)));
    let timeout_of = timeout_of
        .as_ref()
        .map(|closure| quote_spanned!(at(closure.span())=> .timeout_of(#closure)));
    let weigh = weigh.as_ref().map(|closure| quote_spanned!(at(closure.span())=> .weigh(#closure)));
    let tags_of = tags
        .closure
        .as_ref()
        .map(|closure| quote_spanned!(at(closure.span())=> .tags_of(#closure)));
    quote_spanned!(span=> {
        #[allow(unused_imports, reason = "the return type decides which one is needed")]
        use #rt::{PickOption as _, PickResult as _, PickShared as _, #refusals};
        #rt::rules(&__pick, #adapter) #store_if #timeout_of #weigh #tags_of #failing
    })
}

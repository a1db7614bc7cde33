//! The handle of a handler: an item beside it that has its site.

use proc_macro2::TokenStream;

use super::{Siblings, item};
use crate::codegen::turbofish;
use crate::function::Function;
use crate::spec::{Caching, Handle};

/// A handle that has no entries, since only requests name them; and what the function finds there.
pub(in crate::codegen) struct Beside {
    pub(in crate::codegen) item: TokenStream,
    pub(in crate::codegen) site: TokenStream,
    pub(in crate::codegen) instance: TokenStream,
}

// Output:
//
//     enum list_cache {}
//     impl list_cache {
//         fn cache() -> Handle { .. }
//         fn __site() -> &'static Site { .. }
//         fn __instance() -> Instance { .. }
//     }
pub(in crate::codegen) fn beside(
    caching: &Caching,
    handle: &Handle,
    function: &Function,
) -> Beside {
    let siblings = Siblings::new(handle, &function.sig);
    let functions = vec![
        siblings.cache(caching, function),
        siblings.site(caching, function),
        siblings.instance(caching, function),
    ];
    let Siblings { owner, site, instance, .. } = &siblings;
    let turbofish = turbofish(&function.sig);
    Beside {
        item: item(handle, function, functions),
        site: hygienic!(#owner::#site()),
        instance: hygienic!(#owner::#instance #turbofish()),
    }
}

//! Functions and handlers of every shape, as users write them: they compile without a warning, and cache.
//! Each file is a program of its own.

#![allow(clippy::all, reason = "what is odd is allowed as well; lints have tests of their own")]

/// Runs the programs of these modules.
macro_rules! programs {
    ($($name:ident)*) => {
        $(
            pub mod $name;

            #[test]
            fn $name() {
                $name::main();
            }
        )*
    };
}

programs! {
    arguments
    async_functions
    attributes
    background
    free_functions
    freshness
    handlers
    impl_trait
    invalidates
    items
    keys
    lints
    macro_rules
    methods
    patterns
    shared
    unsafe_functions
}

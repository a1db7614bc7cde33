//! Cached responses from outside: sites in five frameworks, asked over sockets.
//!
//! One table of rows runs over every adapter: attributes and layers. A row is a function of a site,
//! which it has for itself, with a clock that it turns. What a row expects is in `HTTP.md`'s words.

mod client;
mod outcome;
mod raw;
mod routes;
mod rows;
mod script;
mod site;
mod sites;

use std::time::Duration;

use site::{Adapter, Site};

/// How long one row may take.
const ROW_BOUND: Duration = Duration::from_secs(60);

/// Runs a row over a site of its own.
fn run<F: AsyncFn(&Site)>(adapter: Adapter, row: F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let site = Site::start(adapter).await;
        let ended = tokio::time::timeout(ROW_BOUND, row(&site)).await;
        assert!(ended.is_ok(), "the row does not end");
        site.stop();
    });
}

/// Makes a test of each row and adapter.
macro_rules! table {
    (@ $adapter:ident: $($module:ident { $($row:ident),* $(,)? })*) => {
        $(
            mod $module {
                $(
                    #[test]
                    fn $row() {
                        crate::run(crate::Adapter::$adapter, crate::rows::$module::$row);
                    }
                )*
            }
        )*
    };
}

/// One module of tests for each adapter.
macro_rules! over {
    ($($name:ident = $adapter:ident with $($table:ident),+;)*) => {
        $(
            mod $name {
                $(crate::rows::$table!(table $adapter);)+
            }
        )*
    };
}

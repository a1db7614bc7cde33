//! Names of fields, of `http` 0.2 and of `http` 1.

use actix_web::http::header as actix;
use http::header;

pub(super) const CACHE_STATUS: actix::HeaderName = actix::HeaderName::from_static("cache-status");

/// Those that most requests and responses have are told without a look at their letters.
macro_rules! names {
    ($($name:ident)*) => {
        /// A name of `http` 0.2, as one of `http` 1.
        pub(super) fn incoming(name: &actix::HeaderName) -> Option<header::HeaderName> {
            match *name {
                $(actix::$name => Some(header::$name),)*
                _ => header::HeaderName::from_bytes(name.as_str().as_bytes()).ok(),
            }
        }

        /// A name of `http` 1, as one of `http` 0.2.
        pub(super) fn outgoing(name: &header::HeaderName) -> Option<actix::HeaderName> {
            match *name {
                $(header::$name => Some(actix::$name),)*
                _ => actix::HeaderName::from_bytes(name.as_str().as_bytes()).ok(),
            }
        }

        #[test]
        fn names_stay_what_they_are() {
            $(assert_eq!(incoming(&actix::$name), Some(header::$name));)*
            $(assert_eq!(outgoing(&header::$name), Some(actix::$name));)*
            let own = actix::HeaderName::from_static("x-own");
            assert_eq!(incoming(&own).as_ref().and_then(outgoing), Some(own));
        }
    };
}

names! {
    ACCEPT ACCEPT_ENCODING ACCEPT_LANGUAGE AGE CACHE_CONTROL CONNECTION CONTENT_LENGTH CONTENT_TYPE
    DATE ETAG HOST IF_NONE_MATCH LAST_MODIFIED REFERER UPGRADE_INSECURE_REQUESTS USER_AGENT VARY
}

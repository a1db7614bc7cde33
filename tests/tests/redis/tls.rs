//! A server behind TLS.

use std::time::Duration;

use cached_runtime::ErrorKind;
use cached_runtime::store::{RedisOptions, RedisStore, Store, Timeouts};
use cached_tests::servers::RedisTls;

use crate::callers::Caller;
use crate::operations::exercise;

#[test]
fn all_operations_with_a_private_authority() {
    let redis = RedisTls::start();
    for caller in Caller::all() {
        let options = patient(&redis).ca_file(redis.ca_file());
        exercise(&RedisStore::new(options).unwrap(), &caller);
    }
}

#[test]
fn a_server_that_nobody_vouches_for_is_not_spoken_to() {
    let redis = RedisTls::start();
    for caller in Caller::all() {
        let store = RedisStore::new(patient(&redis)).unwrap();
        let error = caller.wait(store.get("a")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    }
}

/// A busy machine takes its time for the cryptography: that is to fail in no other way than this.
fn patient(redis: &RedisTls) -> RedisOptions {
    let patience = Duration::from_secs(20);
    let timeouts = Timeouts { connect: patience, read: patience, write: patience };
    RedisOptions::new(redis.url()).timeouts(timeouts)
}

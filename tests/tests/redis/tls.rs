//! A server behind TLS.

use cached_runtime::ErrorKind;
use cached_runtime::store::{RedisOptions, RedisStore, Store};
use cached_tests::servers::RedisTls;

use crate::callers::Caller;
use crate::operations::exercise;

#[test]
fn all_operations_with_a_private_authority() {
    let redis = RedisTls::start();
    for caller in Caller::all() {
        let options = RedisOptions::new(redis.url()).ca_file(redis.ca_file());
        exercise(&RedisStore::new(options).unwrap(), &caller);
    }
}

#[test]
fn a_server_that_nobody_vouches_for_is_not_spoken_to() {
    let redis = RedisTls::start();
    for caller in Caller::all() {
        let store = RedisStore::new(RedisOptions::new(redis.url())).unwrap();
        let error = caller.wait(store.get("a")).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
    }
}

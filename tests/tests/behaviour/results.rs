//! What of a result is stored: `Ok` and `Some`, and more where the attribute asks for it.

use std::fmt::Debug;
use std::hash::Hash;
use std::num::ParseIntError;

use cached_runtime::{cached, hit, miss, testing};

/// An error that can do nothing at all.
struct Opaque;

type ApiResult<T> = Result<T, Opaque>;
type Found<T> = Option<T>;

#[cached]
fn aliased(n: u64) -> ApiResult<u64> {
    if n > 9 { Err(Opaque) } else { Ok(n) }
}

#[test]
fn an_error_behind_an_alias_is_not_stored() {
    testing::isolated(|| {
        assert!(miss!(aliased(10)).is_err());
        assert!(miss!(aliased(10)).is_err());
        assert!(matches!(miss!(aliased(1)), Ok(1)));
        assert!(matches!(hit!(aliased(1)), Ok(1)));
    });
}

#[cached]
fn parse(text: &str) -> anyhow::Result<u64> {
    let number: u64 = text.parse()?;
    anyhow::ensure!(number < 100, "{number} is too large");
    Ok(number)
}

#[test]
fn an_error_of_anyhow_is_not_stored() {
    testing::isolated(|| {
        miss!(parse("x")).unwrap_err();
        let error = miss!(parse("100")).unwrap_err();
        assert_eq!(error.to_string(), "100 is too large");
        miss!(parse("100")).unwrap_err();
        assert_eq!(miss!(parse("7")).unwrap(), 7);
        assert_eq!(hit!(parse("7")).unwrap(), 7);
    });
}

#[cached]
fn generic<T, E>(value: T, error: Option<E>) -> Result<T, E>
where
    T: Clone + Hash + Eq + Send + Sync + 'static,
    E: Clone + Hash + Eq + Send + Sync + 'static,
{
    error.map_or(Ok(value), Err)
}

#[cached(skip(make))]
fn generic_opaque<T: Clone + Send + Sync + 'static, E>(
    is_right: bool,
    make: impl Fn() -> Result<T, E>,
) -> Result<T, E> {
    let _ = is_right;
    make()
}

#[test]
fn an_error_of_a_generic_type_is_not_stored() {
    testing::isolated(|| {
        miss!(generic(1, Some("e")), Err("e"));
        miss!(generic(1, Some("e")), Err("e"));
        miss!(generic::<_, u8>(1, None), Ok(1));
        hit!(generic::<_, u8>(1, None), Ok(1));
        let (fails, works) = (|| Err::<u8, _>(Opaque), || Ok::<u8, Opaque>(1));
        assert!(miss!(generic_opaque(false, fails)).is_err());
        assert!(miss!(generic_opaque(false, fails)).is_err());
        assert!(matches!(miss!(generic_opaque(true, works)), Ok(1)));
        assert!(matches!(hit!(generic_opaque(true, works)), Ok(1)));
    });
}

/// A result whose `Err` does not show in any name.
trait Backend {
    type Answer: Debug + PartialEq;

    fn answer(n: u64) -> Self::Answer;
}

struct Plain;

impl Backend for Plain {
    type Answer = Result<u64, String>;

    #[cached]
    fn answer(n: u64) -> Result<u64, String> {
        n.checked_sub(1).ok_or_else(|| "zero".into())
    }
}

#[test]
fn an_error_of_an_associated_type_is_not_stored() {
    testing::isolated(|| {
        miss!(Plain::answer(0), Err("zero".into()));
        miss!(Plain::answer(0), Err("zero".into()));
        miss!(Plain::answer(1), Ok(0));
        hit!(Plain::answer(1), Ok(0));
    });
}

#[cached]
fn find(n: u64) -> Found<u64> {
    n.checked_sub(1)
}

#[test]
fn a_none_is_not_stored() {
    testing::isolated(|| {
        miss!(find(0), None);
        miss!(find(0), None);
        miss!(find(1), Some(0));
        hit!(find(1), Some(0));
    });
}

#[cached]
fn find_in(text: &str) -> Result<Option<u64>, ParseIntError> {
    let number: u64 = text.parse()?;
    Ok(number.checked_sub(1))
}

#[test]
fn a_none_inside_an_ok_is_a_value() {
    testing::isolated(|| {
        miss!(find_in("0"), Ok(None));
        hit!(find_in("0"), Ok(None));
        assert!(miss!(find_in("x")).is_err());
        assert!(miss!(find_in("x")).is_err());
    });
}

#[cached(timeout = 5, store_if = |list| !list.is_empty())]
fn changing(name: &str, list: Vec<u8>) -> ApiResult<Vec<u8>> {
    Ok(list)
}

#[test]
fn store_if_sees_the_value_inside() {
    testing::isolated(|| {
        assert!(miss!(changing("a", vec![])).is_ok());
        assert!(miss!(changing("a", vec![])).is_ok());
        assert!(miss!(changing("a", vec![1])).is_ok());
        assert!(hit!(changing("a", vec![1])).is_ok());
    });
}

#[tokio::test]
async fn results_of_async_functions_are_treated_the_same_way() {
    #[cached(err_timeout = 5, err_if = |_| false)]
    async fn strict(n: u64) -> Result<u64, ParseIntError> {
        let number: u64 = if n > 9 { "x".parse()? } else { n };
        Ok(number)
    }
    testing::isolated_async(async {
        assert!(miss!(strict(10).await).is_err());
        assert!(miss!(strict(10).await).is_err());
        miss!(strict(1).await, Ok(1));
        hit!(strict(1).await, Ok(1));
    })
    .await;
}

struct Repo<T>(T);

impl<T: Clone + Send + Sync + 'static> Repo<T> {
    #[cached(skip(self))]
    fn get(&self, id: u64) -> T {
        let _ = id;
        self.0.clone()
    }

    #[cached(skip(self), store_if = |_| true)]
    fn any(&self, id: u64) -> T {
        let _ = id;
        self.0.clone()
    }
}

#[test]
fn an_error_that_only_the_impl_knows_of_is_not_stored() {
    testing::isolated(|| {
        let failing = Repo(Err::<u8, String>("no".into()));
        miss!(failing.get(1), Err("no".into()));
        miss!(failing.get(1), Err("no".into()));
        miss!(failing.any(1), Err("no".into()));
        hit!(failing.any(1), Err("no".into()));
        miss!(Repo(7).get(1), 7);
        hit!(Repo(8).get(1), 7);
    });
}

//! Over random arguments: two calls share an entry exactly where their keys are equal.

use std::borrow::Cow;
use std::collections::HashMap;

use cached_runtime::{cached, testing};
use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_assert_eq, proptest};
use proptest::prop_oneof;

/// Texts that are short, alike and full of what has a meaning in keys.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => vec(proptest::sample::select(&['a', ':', '%', '-', '/', 'é', '\0', '3', 'A'][..]), 0..4)
            .prop_map(|chars| chars.into_iter().collect::<String>()),
        1 => proptest::sample::select(&["None", "Some()", "%-", "%2D", "%3A", "true", "1"][..])
            .prop_map(String::from),
        1 => vec(any::<char>(), 0..8).prop_map(|chars| chars.into_iter().collect::<String>()),
    ]
}

#[cached(key = "{a}:{b}/{c:?}", handle)]
fn three(a: &str, b: Option<String>, c: Option<&str>) -> u8 {
    0
}

#[cached(key = "x{a}%-:-{b}", handle)]
fn two_options(a: Option<String>, b: Option<String>) -> u8 {
    0
}

type Three = (String, Option<String>, Option<String>);

fn three_key((a, b, c): &Three) -> String {
    three::entry(a, b.clone(), c.as_deref()).key().to_owned()
}

fn maybe() -> impl Strategy<Value = Option<String>> {
    proptest::option::of(text())
}

proptest! {
    #[test]
    fn templates_write_equal_text_for_equal_arguments_only(
        one in (text(), maybe(), maybe()),
        two in (text(), maybe(), maybe()),
    ) {
        prop_assert_eq!(three_key(&one) == three_key(&two), one == two);
    }

    #[test]
    fn optional_placeholders_are_injective(
        one in (maybe(), maybe()),
        two in (maybe(), maybe()),
    ) {
        let key = |(a, b): &(Option<String>, Option<String>)| {
            two_options::entry(a.clone(), b.clone()).key().to_owned()
        };
        prop_assert_eq!(key(&one) == key(&two), one == two);
    }
}

/// The arguments of `echo`, owned.
type Echoed = (String, Option<String>, Vec<i8>, (bool, char), Option<u8>);

#[cached(capacity = 100_000, skip(number))]
fn echo(
    text: &str,
    maybe: Option<&str>,
    list: &[i8],
    pair: (bool, char),
    cow: Cow<'_, str>,
    small: Option<u8>,
    number: usize,
) -> (Echoed, usize) {
    ((text.into(), maybe.map(Into::into), list.into(), pair, small), number)
}

#[cached(capacity = 100_000, key = (text, maybe, list.len(), pair.1), skip(number))]
fn echo_parts(
    text: &str,
    maybe: Option<&str>,
    list: &[i8],
    pair: (bool, char),
    number: usize,
) -> usize {
    number
}

fn echoed() -> impl Strategy<Value = Echoed> {
    let list = vec(-1..2_i8, 0..3);
    let pair = (any::<bool>(), proptest::sample::select(&['a', '\u{1}'][..]));
    (text(), maybe(), list, pair, proptest::option::of(0..3_u8))
}

proptest! {
    #[test]
    fn argument_keys_agree_with_a_map_of_the_arguments(calls in vec(echoed(), 1..60)) {
        testing::isolated(|| {
            let mut model = HashMap::new();
            let mut parts_model = HashMap::new();
            for (number, call) in calls.iter().enumerate() {
                let (text, maybe, list, pair, small) = call;
                let first = *model.entry(call).or_insert(number);
                let cow = Cow::Borrowed(&**text);
                let answer = echo(text, maybe.as_deref(), list, *pair, cow, *small, number);
                prop_assert_eq!(answer, (call.clone(), first));

                let parts = (text, maybe, list.len(), pair.1);
                let first = *parts_model.entry(parts).or_insert(number);
                let answer = echo_parts(text, maybe.as_deref(), list, *pair, number);
                prop_assert_eq!(answer, first);
            }
            Ok(())
        })?;
    }
}

//! The registry: every cache by name. Outside of isolations, so each test has functions of its own.

use std::fmt::Debug;

use cached_runtime::{cached, registry};

fn names() -> Vec<String> {
    registry::all().iter().map(cached_runtime::Handle::name).collect()
}

mod deep {
    use cached_runtime::cached;

    #[cached]
    pub fn free(n: u64) -> u64 {
        n
    }
}

#[test]
fn a_free_function_has_the_name_of_its_path() {
    let name = "behaviour::registry::deep::free";
    assert!(registry::handle(name).is_none());
    deep::free(1);
    deep::free(2);
    deep::free(2);
    let cache = registry::handle(name).unwrap();
    assert_eq!(cache.name(), name);
    assert_eq!((cache.len(), cache.stats().hits, cache.stats().misses), (2, 1, 2));
    cache.clear();
    assert_eq!(cache.len(), 0);
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Repo<T>(T);

trait Named {
    fn title(n: u64) -> u64;
}

impl<T: Debug + Clone + Eq + std::hash::Hash + Send + Sync + 'static> Repo<T> {
    #[cached]
    fn get(&self, n: u64) -> String {
        format!("{:?} {n}", self.0)
    }
}

impl Named for Repo<u8> {
    #[cached]
    fn title(n: u64) -> u64 {
        n
    }
}

#[test]
fn a_method_has_its_type_in_its_name() {
    Repo(1_u8).get(1);
    Repo("x").get(1);
    Repo("y").get(1);
    let bytes = registry::handle("behaviour::registry::Repo<u8>::get").unwrap();
    let texts = registry::handle("behaviour::registry::Repo<&str>::get").unwrap();
    assert_eq!((bytes.len(), texts.len()), (1, 2));
    bytes.clear();
    assert_eq!((bytes.len(), texts.len()), (0, 2));
}

#[test]
fn a_trait_method_has_both_type_and_trait_in_its_name() {
    Repo::<u8>::title(1);
    let name = names().into_iter().find(|name| name.ends_with("::title")).unwrap();
    assert_eq!(name, "<behaviour::registry::Repo<u8> as behaviour::registry::Named>::title");
}

#[cached]
fn pair<A: Default + Debug, B: Default + Debug>(n: u64) -> String {
    format!("{:?}{:?}{n}", A::default(), B::default())
}

#[test]
fn instantiations_are_listed_one_by_one() {
    pair::<u8, bool>(1);
    pair::<String, bool>(1);
    let listed: Vec<_> =
        names().into_iter().filter(|name| name.contains("::registry::pair")).collect();
    assert_eq!(
        listed,
        [
            "behaviour::registry::pair<alloc::string::String, bool>",
            "behaviour::registry::pair<u8, bool>",
        ]
    );
    assert_eq!(registry::handle("behaviour::registry::pair<u8, bool>").unwrap().len(), 1);
}

#[cached(name = "prices", handle)]
async fn named(n: u64) -> u64 {
    n
}

#[cached(name = "sizes")]
fn named_generic<T>(n: u64) -> u64 {
    n + size_of::<T>() as u64
}

#[tokio::test]
async fn a_given_name_takes_the_place_of_the_path() {
    named(1).await;
    let cache = registry::handle("prices").unwrap();
    assert_eq!((cache.len(), cache.name()), (1, "prices".into()));
    assert_eq!(named::cache().len(), 1);
    assert!(!names().iter().any(|name| name.contains("::registry::named")));

    named_generic::<u8>(1);
    named_generic::<u16>(1);
    assert_eq!(registry::handle("sizes<u8>").unwrap().len(), 1);
    assert_eq!(registry::handle("sizes<u16>").unwrap().len(), 1);
}

#[cached(handle)]
fn handled<T: Debug>(n: u64) -> u64 {
    n
}

#[test]
fn a_function_with_a_handle_is_listed_by_its_path_too() {
    handled::<u8>(1);
    let name = "behaviour::registry::handled<u8>";
    let listed: Vec<_> = names().into_iter().filter(|name| name.contains("handled")).collect();
    assert_eq!(listed, [name]);
}

#[cached(handle = other_name)]
fn handled_elsewhere(n: u64) -> u64 {
    n
}

impl<T: Debug> Repo<T> {
    #[cached(handle(impl), skip(self))]
    fn count(&self, n: u64) -> u64 {
        n
    }
}

#[test]
fn the_way_a_handle_is_asked_for_is_no_part_of_the_name() {
    assert_eq!(other_name::cache().name(), "behaviour::registry::handled_elsewhere");
    handled_elsewhere(1);
    Repo(1_u8).count(1);
    assert!(registry::handle("behaviour::registry::handled_elsewhere").is_some());
    assert!(registry::handle("behaviour::registry::Repo<u8>::count").is_some());
}

#[cached]
fn one_of_all(n: u64) -> u64 {
    n
}

#[test]
fn all_is_in_the_order_of_names_and_lists_a_cache_once() {
    one_of_all(1);
    one_of_all(2);
    for _ in 0..3 {
        cached_runtime::testing::isolated(|| one_of_all(1));
    }
    let names = names();
    assert!(names.is_sorted());
    let listed = names.iter().filter(|name| name.ends_with("::one_of_all")).count();
    assert_eq!(listed, 1);
}

//! Tags: who changes something drops all pages that show it.

use cached_runtime::invalidate_tag;
use http::Method;

use crate::outcome::{hit, stored};
use crate::script::Reply;
use crate::site::{Page, Site};

pub async fn a_handler_that_changes_an_item_drops_its_page(site: &Site) {
    let (item, other) = (site.page("item"), site.page("item"));
    stored!(item.get(), 1);
    stored!(item.at("?a=1"), 2);
    stored!(other.get(), 1);
    change(&item, 200).await;
    // The change was the third run of this page's script.
    stored!(item.get(), 4);
    stored!(item.at("?a=1"), 5);
    hit!(other.get(), 1);
    hit!(item.get(), 4);
}

pub async fn one_that_fails_drops_nothing(site: &Site) {
    let item = site.page("item");
    stored!(item.get(), 1);
    change(&item, 409).await;
    hit!(item.get(), 1);
}

/// A page of before the change is never shown after it.
pub async fn a_load_that_a_change_overtakes_is_not_kept(site: &Site) {
    let item = site.page("item");
    item.script.hold(true);
    let meanwhile = async {
        item.wait_for(1).await;
        let name = format!("item:{}", item.script.name());
        site.isolation.run(|| invalidate_tag(&name)).expect("a tag");
        item.script.hold(false);
    };
    let (answer, ()) = tokio::join!(item.get().send(), meanwhile);
    assert_eq!(answer.text(), "run 1");
    stored!(item.get(), 2);
    hit!(item.get(), 2);
}

pub async fn a_tag_drops_all_that_carries_it(site: &Site) {
    let (one, other, apart) = (site.page("tagged"), site.page("tagged"), site.page("plain"));
    for page in [&one, &other, &apart] {
        stored!(page.get(), 1);
    }
    site.isolation.run(|| invalidate_tag("pages")).expect("a tag");
    stored!(one.get(), 2);
    stored!(other.get(), 2);
    hit!(apart.get(), 1);
}

pub async fn variants_carry_tags_too(site: &Site) {
    let page = site.page_of("tagged", |run| Reply::run(run).field("vary", "x-a"));
    stored!(page.get().field("x-a", "1"), 1);
    stored!(page.get().field("x-a", "2"), 2);
    site.isolation.run(|| invalidate_tag("pages")).expect("a tag");
    stored!(page.get().field("x-a", "1"), 3);
    stored!(page.get().field("x-a", "2"), 4);
    hit!(page.get().field("x-a", "1"), 3);
}

pub async fn responses_name_tags(site: &Site) {
    let page = site.page_of("tagging", |run| Reply::run(run).field("x-tag", "one"));
    let other = site.page_of("tagging", |run| Reply::run(run).field("x-tag", "other"));
    stored!(page.get(), 1);
    stored!(other.get(), 1);
    site.isolation.run(|| invalidate_tag("one")).expect("a tag");
    stored!(page.get(), 2);
    hit!(other.get(), 1);
}

pub async fn clearing_drops_everything(site: &Site) {
    let (one, other) = (site.page("plain"), site.page("plain"));
    stored!(one.get(), 1);
    stored!(other.get(), 1);
    site.clear();
    stored!(one.get(), 2);
    stored!(other.get(), 2);
}

/// Posts a change, which comes to this status.
async fn change(item: &Page<'_>, status: u16) {
    item.script.answers(move |run| Reply::run(run).status(status));
    let path = format!("/change/{}", item.script.name());
    let answer = item.site.ask(Method::POST, &path).send().await;
    assert_eq!(answer.status, status, "{answer:?}");
    item.script.answers(Reply::run);
}

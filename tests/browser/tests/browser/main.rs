//! Cached pages in a real browser: what it is shown, what it keeps, and what it asks for again.

mod driver;
mod process;
mod shop;
mod site;

use driver::Browser;
use shop::Shop;
use site::{Asked, Site};

/// Each of two browsers is given a cookie of its own, by a page that would else be kept.
#[test]
fn cookies_stay_with_whom_they_were_set_for() {
    let site = Site::start();
    let (one, other) = (Browser::start(), Browser::start());
    one.open(&site.url("/visit"));
    other.open(&site.url("/visit"));
    assert_eq!((one.text(), other.text()), ("visitor 1".into(), "visitor 2".into()));
    let cookies = || (one.cookie(), other.cookie());
    assert_eq!(cookies(), ("visitor=1".into(), "visitor=2".into()));
    // Pages that are everybody's set nobody's cookie.
    for browser in [&one, &other] {
        browser.open(&site.url("/page"));
    }
    assert_eq!(cookies(), ("visitor=1".into(), "visitor=2".into()));
    // With its cookie, each is on its own.
    one.open(&site.url("/visit"));
    assert_eq!((one.text(), one.cookie()), ("visitor 3".into(), "visitor=3".into()));
    assert_eq!(cookies().1, "visitor=2");
}

#[test]
fn a_reload_costs_304() {
    let site = Site::start();
    let browser = Browser::start();
    browser.open(&site.url("/page"));
    assert_eq!(browser.text(), "page 1");
    for _ in 0..2 {
        browser.reload();
        assert_eq!(browser.text(), "page 1");
    }
    let asked = |has_tag, status| Asked { path: "/page".into(), has_tag, status };
    assert_eq!(site.asked("/page"), [asked(false, 200), asked(true, 304), asked(true, 304)]);
    // What has changed is sent.
    site.forget();
    browser.reload();
    assert_eq!(browser.text(), "page 2");
    assert_eq!(site.asked("/page")[3..], [asked(true, 200)]);
}

#[test]
fn the_back_button_shows_what_was_there() {
    let site = Site::start();
    let browser = Browser::start();
    browser.open(&site.url("/page"));
    browser.open(&site.url("/other"));
    assert_eq!(browser.text(), "other 1");
    browser.back();
    assert_eq!(browser.text(), "page 1");
    browser.forward();
    assert_eq!(browser.text(), "other 1");
    browser.back();
    browser.reload();
    assert_eq!(browser.text(), "page 1");
}

/// The shop of the examples: who changes a price sees it, at once and everywhere.
#[test]
fn a_form_changes_all_pages_that_show_it() {
    let shop = Shop::start();
    let browser = Browser::start();
    let rendered = |browser: &Browser| {
        let text = browser.text();
        let (_, number) = text.rsplit_once("Pages rendered: ").expect("a page of the shop");
        number.trim().parse::<u32>().expect("a number")
    };
    browser.open(&shop.url("/items/2"));
    let item = rendered(&browser);
    browser.reload();
    assert_eq!(rendered(&browser), item);
    browser.open(&shop.url("/items"));
    let list = rendered(&browser);
    assert!(list > item && browser.text().contains("Chisel 900 cents"), "{}", browser.text());
    browser.back();
    assert_eq!(rendered(&browser), item);

    browser.submit("form", "cents", "1234");
    browser.wait_for("the new price", |browser| browser.value("cents") == "1234");
    assert!(rendered(&browser) > list);
    browser.open(&shop.url("/items"));
    assert!(browser.text().contains("Chisel 1234 cents"), "{}", browser.text());
    let list = rendered(&browser);
    browser.open(&shop.url("/items?"));
    assert_eq!(rendered(&browser), list);
}

#[test]
fn each_user_sees_their_own_account() {
    let shop = Shop::start();
    let (one, other) = (Browser::start(), Browser::start());
    for browser in [&one, &other] {
        browser.open(&shop.url("/account"));
        assert!(browser.text().contains("Hello, stranger"), "{}", browser.text());
    }
    for (browser, user) in [(&one, "alice"), (&other, "bob")] {
        browser.click(&format!("button[onclick*={user}]"));
        let hello = format!("Hello, {user}");
        browser.wait_for(&hello, |browser| browser.text().contains(&hello));
    }
    one.open(&shop.url("/account"));
    assert!(one.text().contains("Hello, alice"), "{}", one.text());
    other.reload();
    assert!(other.text().contains("Hello, bob"), "{}", other.text());
}

//! The page as a browser shows it: on a telephone and on a desk, read and tried.

use crate::kit::{Browser, LocalShop};
use domain::actor::Role;
use serde_json::{Value, json};

/// Width and height.
const SCREENS: [(u32, u32); 2] = [(390, 844), (1280, 800)];

/// A request and its answer, as the page shows them once it was tried.
const LISTING: &str = "#operations-Orders-findOrders";

/// How many operations the document has.
fn operations() -> usize {
    let document: Value = serde_json::from_str(include_str!("../../../functions/openapi.json")).expect("JSON");
    let methods = |path: &Value| path.as_object().map_or(0, serde_json::Map::len);
    document["paths"].as_object().expect("paths").values().map(methods).sum()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs chromium"]
async fn every_operation_is_shown_fits_the_screen_and_can_be_tried() {
    let shop = LocalShop::without_pumps().await;
    let order = shop.order().place().await;
    let token = shop.system.token(2, Role::SalesStaff);
    for (width, height) in SCREENS {
        let mut browser = Browser::open(width, height);
        browser.go(&format!("{}/api/docs", shop.system.url));
        browser.until(&format!("document.querySelectorAll('.opblock').length === {}", operations()));
        let fits = |browser: &mut Browser, what: &str| {
            let wide = browser.ask("document.documentElement.scrollWidth");
            assert!(wide.as_u64() <= Some(u64::from(width)), "{what} is {wide} of {width} wide");
        };
        fits(&mut browser, "the page");

        // Without a token there is an answer too, and it says so.
        browser.click(&format!("{LISTING} .opblock-summary-control"));
        browser.click(&format!("{LISTING} .try-out__btn"));
        browser.click(&format!("{LISTING} .execute"));
        let answered = |status: u16| {
            format!(
                "document.querySelector({})?.innerText.includes({status}) === true",
                json!(format!("{LISTING} .live-responses-table tbody .response-col_status"))
            )
        };
        browser.until(&answered(401));
        browser.troubles.retain(|trouble| !trouble.contains("/api/orders"));

        browser.click(".auth-wrapper .authorize");
        browser.type_into(".auth-container input", &token);
        browser.click(".auth-btn-wrapper .authorize");
        browser.click(".auth-btn-wrapper .btn-done");
        browser.click(&format!("{LISTING} .execute"));
        browser.until(&answered(200));
        let said = browser.ask(&format!(
            "document.querySelector({}).innerText",
            json!(format!("{LISTING} .live-responses-table tbody .response-col_description"))
        ));
        assert!(said.as_str().is_some_and(|said| said.contains(order.body["orderNumber"].as_str().expect("a number"))), "{said}");
        fits(&mut browser, "an operation with its answer");
        assert_eq!(browser.troubles, Vec::<String>::new(), "at {width}");
    }
}

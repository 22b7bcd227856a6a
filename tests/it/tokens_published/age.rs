//! Keys that were fetched a while ago: they are fetched again, and if nobody answers believed for an hour.

use super::{publish_what, with_jwks};
use crate::kit::MINUTE;
use crate::kit::tokens::{claims, status_with};
use crate::tokens::keys::{Keys, Kind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

#[tokio::test]
async fn a_key_that_is_withdrawn_and_one_that_takes_its_name_are_noticed_within_five_minutes() {
    let (leaked, new) = (Keys::new(), Keys::new());
    let published = Arc::new(Mutex::new(Some(leaked.published())));
    let now = Arc::clone(&published);
    let (url, fetched) = publish_what(move || now.lock().expect("a lock").clone()).await;
    let shop = with_jwks(url).await;
    let claims = claims().to_string();
    assert_eq!(status_with(&shop, &leaked.token(Kind::P256, &claims)).await, 200);

    *published.lock().expect("a lock") = Some(new.published());
    shop.system.clock.advance(5 * MINUTE);
    assert_eq!(status_with(&shop, &leaked.token(Kind::P256, &claims)).await, 401);
    assert_eq!(status_with(&shop, &new.token(Kind::P256, &claims)).await, 200);
    assert_eq!(fetched.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn while_nobody_publishes_keys_those_of_before_count_for_an_hour() {
    let keys = Keys::new();
    let published = Arc::new(Mutex::new(Some(keys.published())));
    let now = Arc::clone(&published);
    let (url, fetched) = publish_what(move || now.lock().expect("a lock").clone()).await;
    let shop = with_jwks(url).await;
    let token = keys.token(Kind::Rsa, &claims().to_string());
    assert_eq!(status_with(&shop, &token).await, 200);

    let document = published.lock().expect("a lock").take();
    shop.system.clock.advance(59 * MINUTE);
    for _ in 0..2 {
        assert_eq!(status_with(&shop, &token).await, 200);
    }
    assert_eq!(fetched.load(Ordering::SeqCst), 2, "who does not answer is not asked by each request");
    shop.system.clock.advance(MINUTE);
    assert_eq!(status_with(&shop, &token).await, 503);

    *published.lock().expect("a lock") = document;
    shop.system.clock.advance(MINUTE);
    assert_eq!(status_with(&shop, &token).await, 200);
}

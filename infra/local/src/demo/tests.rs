use super::*;
use crate::emulators::outbox::Email;
use crate::system::Options;
use api::clock::Clock;
use domain::notification::NotificationStatus;
use domain::order::{OrderStatus, PaymentStatus};
use domain::refund::{Awaiting, PaymentProvider, RefundStatus};
use domain::returns::ReturnStatus;
use domain::shipment::{Carrier, Shipment, ShipmentStatus};
use std::path::PathBuf;
use store::{NotificationFilter, OrderFilter, PageRequest, PromotionFilter, RefundFilter, ReturnFilter, ShipmentFilter};

const PAGE: PageRequest = PageRequest::new(100, None);

fn options() -> Options {
    let variables = HashMap::from([("DELIVERY_FEES", people::DELIVERY_FEES.to_owned())]);
    Options { clock: Clock::behind(DAY * u32::from(DAYS)), variables, ..Options::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_has_orders_in_every_status_and_nothing_left_to_do() {
    let system = System::start(options()).await.unwrap();
    let made = make(&system).await.unwrap();
    assert_eq!((made.customers, made.orders), (8, ORDERS.len()));

    let orders = system.store().orders(OrderFilter::default(), PAGE).await.unwrap().items;
    assert_eq!(orders.len(), ORDERS.len());
    for status in OrderStatus::ALL {
        assert!(orders.iter().any(|order| order.status == *status), "no order is {status}");
    }
    for status in PaymentStatus::ALL {
        assert!(orders.iter().any(|order| order.payment_status == *status), "no payment is {status}");
    }
    let returns = system.store().returns(ReturnFilter::default(), PAGE).await.unwrap().items;
    for status in ReturnStatus::ALL {
        assert!(returns.iter().any(|rma| rma.status == *status), "no return is {status}");
    }
    let parcels = system.store().shipments(ShipmentFilter::default(), PAGE).await.unwrap().items;
    for status in [ShipmentStatus::Pending, ShipmentStatus::OutForDelivery, ShipmentStatus::Delivered] {
        let is_it = |parcel: &&Shipment| parcel.status == status && parcel.label.is_some();
        let parcel = parcels.iter().find(is_it).unwrap_or_else(|| panic!("no labelled parcel is {status}: {parcels:?}"));
        assert!(parcel.failure_reason.is_none(), "{parcel:?}");
    }
    for carrier in [Carrier::Dhl, Carrier::FedEx, Carrier::Ups, Carrier::Local, Carrier::Other] {
        assert!(parcels.iter().any(|parcel| parcel.carrier == carrier && parcel.tracking_number.is_some()), "no parcel went by {carrier}");
    }
    let left: Vec<_> = parcels.iter().filter_map(|parcel| parcel.failure_reason.as_deref()).collect();
    assert_eq!(left, ["UPS can't take this parcel: it has no weight."]);
    let refunds = system.store().refunds(RefundFilter::default(), PAGE).await.unwrap().items;
    assert!(refunds.iter().any(|refund| refund.awaiting == Some(Awaiting::Staff)));
    assert!(refunds.iter().any(|refund| refund.status == RefundStatus::Failed));
    let by_pawapay = refunds.iter().find(|refund| refund.provider == Some(PaymentProvider::PawaPay)).expect("one through pawaPay");
    assert_eq!((by_pawapay.status, by_pawapay.attempts), (RefundStatus::Completed, 1), "{by_pawapay:?}");
    let days: std::collections::BTreeSet<u64> = orders.iter().map(|order| order.created_at.0 / 86_400_000).collect();
    assert!(days.len() > 7, "{days:?}");
    assert!(orders.iter().all(|order| order.delivery_zone.is_none() || !order.delivery_fee.is_zero()));

    let promotions = system.store().promotions(PromotionFilter::default(), PAGE).await.unwrap().items;
    let running = promotions.iter().filter(|promotion| promotion.is_running(system.clock.now())).count();
    assert_eq!((promotions.len(), running), (made.promotions, 2));
    assert_eq!(orders.iter().filter(|order| !order.discount.is_zero()).count(), 5);
    assert_eq!(orders.iter().filter(|order| order.held_use.is_some()).count(), 4, "one of them was cancelled");

    let in_status = async |status| {
        let filter = NotificationFilter { status: Some(status), ..NotificationFilter::default() };
        system.store().notifications(filter, PAGE).await.unwrap().items
    };
    assert!(!in_status(NotificationStatus::Sent).await.is_empty() && !in_status(NotificationStatus::Delivered).await.is_empty());
    let failed = in_status(NotificationStatus::Failed).await;
    let (withheld, came_back): (Vec<_>, Vec<_>) = failed
        .iter()
        .filter(|message| message.recipient == mail::COMES_BACK)
        .partition(|message| message.error.as_ref().is_some_and(|error| error.contains("suppressed")));
    assert!(!withheld.is_empty() && !came_back.is_empty(), "{failed:?}");
    let told_by_own = |mail: &Email| {
        let has = |part: &Option<String>| part.as_ref().is_some_and(|part| part.contains(mail::OWN_SENTENCE));
        has(&mail.html) && has(&mail.text)
    };
    assert!(system.outbox.emails().iter().any(told_by_own));

    assert!(system.sqs.queues().iter().all(|queue| queue.messages() == 0), "{:?}", system.sqs.queues());
    assert!(system.outbox.emails().len() > ORDERS.len() && system.outbox.sms().len() > ORDERS.len());
    assert_eq!(system.clock.now().seconds() / 60, Clock::default().now().seconds() / 60, "it is now");
}

/// A directory of its own that is gone afterwards.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("local-shop-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_ends_without_a_word_loses_nothing_and_repeats_nothing() {
    let directory = Directory::new("killed");
    let kept = || Options { data: Some(directory.0.clone()), ..options() };
    let first = System::start(kept()).await.unwrap();
    let client = Client::new(&first);
    let skus = catalogue::stock(&client).await.unwrap();
    ORDERS[1].place(&client, &skus).await.unwrap();
    assert!(first.settled(PATIENCE).await);
    assert_eq!((first.outbox.emails().len(), first.outbox.sms().len()), (1, 1));
    drop(first);

    // What this run commits nobody relays.
    let second = System::start(Options { pumps: false, ..kept() }).await.unwrap();
    ORDERS[2].place(&Client::new(&second), &skus).await.unwrap();
    assert_eq!(second.outbox.emails().len(), 1, "the outbox of the first run");
    drop(second);

    let third = System::start(kept()).await.unwrap();
    assert!(third.settled(PATIENCE).await);
    let orders = third.store().orders(OrderFilter::default(), PAGE).await.unwrap().items;
    assert_eq!(orders.len(), 2);
    assert_eq!((third.outbox.emails().len(), third.outbox.sms().len()), (2, 2));
    assert!(third.stop(PATIENCE).await);

    let last = System::start(kept()).await.unwrap();
    assert!(last.settled(PATIENCE).await);
    assert_eq!((last.outbox.emails().len(), last.outbox.sms().len()), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_up_is_tried_again_by_the_next_run() {
    let directory = Directory::new("dead");
    let kept = || Options { data: Some(directory.0.clone()), ..options() };
    let first = System::start(kept()).await.unwrap();
    first.sqs.send("shop-local-email-dead-letters", "{}").unwrap();
    let client = Client::new(&first);
    let skus = catalogue::stock(&client).await.unwrap();
    ORDERS[1].place(&client, &skus).await.unwrap();
    assert!(!first.stop(PATIENCE).await, "a dead letter is something left");

    let kept = crate::positions::kept(&directory.0);
    assert_eq!(kept.get("RelayMapping").cloned().flatten(), None, "the order's event lies after what was kept");
}

//! The page a warehouse prints to pick and pack an order.
//!
//! It is written by a macro that checks the markup when it is compiled and escapes every value: a template that is parsed
//! and interpreted at run time cost 370 KB of binary and twenty times the time of a page.

mod barcode;
mod terse;
mod text;
mod words;

use crate::messages::words::amount;
use api::Page;
use api::config::ShopConfig;
use api::html::Style;
use barcode::Barcode;
use domain::order::{Address, DeliveryAddress, DeliveryMethod, LineItem, Order, OrderStatus, PaymentStatus};
use domain::time::Timestamp;
use maud::{Markup, PreEscaped, html};
use std::sync::LazyLock;
use terse::Terse;
use text::{line, lines};
use words::{Words, delivered_by, grouped, moment, pieces, status, what_became_of};

const CSS: &str = include_str!("slip.css");
static TERSE: Terse<{ CSS.len() }> = Terse::of(CSS);
static STYLE: LazyLock<Style> = LazyLock::new(|| Style::new(const { TERSE.as_str() }));

/// The packing slip of an order, as it is `now`.
#[must_use]
pub fn render(order: &Order, shop: &ShopConfig, now: Timestamp) -> Page {
    let slip = Slip { order, shop, words: Words::of(order.customer.locale), now };
    let title = format!("{} {} · {}", slip.words.slip, order.order_number, shop.name);
    Page::new(order.customer.locale.as_str(), &title, &STYLE, &slip.rules(), &slip.body())
}

struct Slip<'a> {
    order: &'a Order,
    shop: &'a ShopConfig,
    words: &'static Words,
    now: Timestamp,
}

impl Slip<'_> {
    const fn is_cancelled(&self) -> bool {
        matches!(self.order.status, OrderStatus::Cancelled)
    }

    /// What stands in the margin of every printed page: sheets of two orders get mixed up.
    fn rules(&self) -> String {
        let Words { page, page_of, cancelled, .. } = self.words;
        // Ours, and of these characters alone; no other could end the text that it stands in.
        let number: String = self.order.order_number.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        let cancelled = if self.is_cancelled() { cancelled } else { "" };
        format!(
            "@page {{ @bottom-left {{ content: \"{number}\" }} @bottom-center {{ content: \"{cancelled}\" }} \
             @bottom-right {{ content: \"{page} \" counter(page) \" {page_of} \" counter(pages) }} }}\n"
        )
    }

    fn body(&self) -> Markup {
        html! {
            main.sheet.cancelled[self.is_cancelled()] {
                @if self.is_cancelled() { p.alert { (self.words.do_not_pack) } }
                @if self.is_refunded() { p.alert { (self.words.refunded) } }
                (self.brand())
                (self.head())
                (self.facts())
                (self.notes())
                (self.table())
                (self.end())
                @if self.is_cancelled() { p.stamp aria-hidden="true" { (self.words.cancelled.to_uppercase()) } }
            }
        }
    }

    fn brand(&self) -> Markup {
        html! {
            header.brand {
                div.who {
                    // Written by `Logo`, of shapes that it knows.
                    @if let Some(logo) = &self.shop.logo { (PreEscaped(logo.as_svg())) }
                    p.name { (line(&self.shop.name)) }
                }
                @if !self.shop.address.is_empty() {
                    address.from { @for part in &self.shop.address { span.line { (line(part)) } } }
                }
            }
        }
    }

    fn head(&self) -> Markup {
        let Order { order_number, created_at, status: at, customer, .. } = self.order;
        let placed = moment(self.shop.local_time(*created_at), customer.locale);
        html! {
            section.order {
                div {
                    p.kind { (self.words.slip) " · " (status(*at, customer.locale)) }
                    h1 { (order_number) }
                    p.when { (self.words.ordered) " " (placed) }
                }
                @if let Some(code) = Barcode::of(order_number) { (code.svg(order_number)) }
            }
        }
    }

    fn facts(&self) -> Markup {
        let Order { customer, delivery_method, delivery_zone, .. } = self.order;
        html! {
            section.facts {
                div {
                    h2 { (self.words.customer) }
                    // In one, so that a name that reads from the right has its parts in its own order.
                    p.line.strong { (line(&format!("{} {}", customer.first_name, customer.last_name))) }
                    @if let Some(phone) = &customer.phone { p.line { (line(phone)) } }
                }
                div {
                    h2 { (self.words.address) }
                    @for part in self.address() { p.line dir="auto" { (part) } }
                }
                div {
                    h2 { (self.words.delivery) }
                    p.line.strong { (delivered_by(*delivery_method, customer.locale)) }
                    @if let Some(zone) = delivery_zone { p.line { (self.words.zone) " " (line(zone)) } }
                    @if let Some(due) = self.order.to_collect() {
                        @let due = amount(due, customer.locale);
                        // Once: whoever brings what is left of the order takes none.
                        @if self.order.has_live_parcel() {
                            p.line { (self.words.to_collect_with_the_first) " " (due) }
                        } @else {
                            p.line.strong { (self.words.to_collect) " " (due) }
                        }
                    } @else if self.order.is_to_be_paid() {
                        p.line.strong { (self.words.not_paid) }
                    }
                }
            }
        }
    }

    /// Where it goes: a pickup goes nowhere, even if its customer gave an address.
    fn address(&self) -> Vec<String> {
        match (&self.order.delivery_method, &self.order.delivery_address) {
            (DeliveryMethod::StorePickup, _) => vec![delivered_by(DeliveryMethod::StorePickup, self.order.customer.locale).to_owned()],
            (DeliveryMethod::HomeDelivery, None) => Vec::new(),
            (DeliveryMethod::HomeDelivery, Some(DeliveryAddress::Text(text))) => lines(text),
            (DeliveryMethod::HomeDelivery, Some(DeliveryAddress::Parts(address))) => written(address),
        }
    }

    /// Whether an order that is still to go is one that nothing is paid for any more. A refund of an amount, be it all of it, says of no
    /// piece that it stays here.
    fn is_refunded(&self) -> bool {
        let is_to_go = matches!(self.order.status, OrderStatus::Pending | OrderStatus::Confirmed | OrderStatus::Processing);
        let gives_back = matches!(self.order.payment_status, PaymentStatus::RefundPending | PaymentStatus::Refunded);
        is_to_go && gives_back && self.order.refundable.is_zero()
    }

    fn notes(&self) -> Markup {
        let notes = self.order.notes.as_deref().map(lines).unwrap_or_default();
        html! {
            @if !notes.is_empty() {
                section.notes {
                    h2 { (self.words.notes) }
                    @for note in notes { p dir="auto" { (note) } }
                }
            }
        }
    }

    fn table(&self) -> Markup {
        let Words { number, sku, item, size, color, quantity, picked, packed, .. } = self.words;
        let heads = [number, sku, item, size, color, quantity, picked, packed];
        html! {
            table {
                thead { tr { @for head in heads { th { (head) } } } }
                tbody { @for (n, item) in self.order.items.iter().enumerate() { (self.row(n + 1, item)) } }
            }
        }
    }

    fn row(&self, n: usize, item: &LineItem) -> Markup {
        let locale = self.order.customer.locale;
        let pieces = item.unshipped();
        html! {
            tr {
                td { (n) }
                td { (line(&item.sku)) }
                td {
                    (line(&item.product_name))
                    @if pieces != item.quantity { span.remark { (what_became_of(item, locale)) } }
                }
                td { @if let Some(size) = &item.variant_details.size { (line(size)) } }
                td { @if let Some(color) = &item.variant_details.color { (line(color)) } }
                td.many[pieces > 1] { (grouped(u64::from(pieces), locale)) }
                @for _box in 0..2 { td { @if pieces > 0 && !self.is_cancelled() { span.box {} } } }
            }
        }
    }

    fn end(&self) -> Markup {
        let Words { total, prepared_by, parcels, date, signature, made, .. } = self.words;
        let locale = self.order.customer.locale;
        let all = self.order.items.iter().map(|item| u64::from(item.unshipped())).sum();
        let (references, all) = pieces(self.order.items.len(), all, locale);
        html! {
            section.end {
                p.total { span.label { (total) } span { (references) } span.strong { (all) } }
                div.sign { @for label in [prepared_by, parcels, date, signature] { p.label { (label) } } }
                p.made { (made) " " (moment(self.shop.local_time(self.now), locale)) }
            }
        }
    }
}

/// An address as it stands on a parcel.
fn written(address: &Address) -> Vec<String> {
    let Address { street, city, state, zip_code, country } = address;
    let city = [zip_code.as_deref(), Some(city)].into_iter().flatten().collect::<Vec<_>>().join(" ");
    let place = [Some(city.as_str()), state.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(", ");
    [Some(street.as_str()), Some(&place), country.as_deref()].into_iter().flatten().flat_map(lines).collect()
}

//! Every kind in both languages, and the texts that customers could try to break them with.

use super::words::amount;
use super::*;
use domain::ids::{CustomerId, NotificationId, OrderId};
use domain::message::{Facts, LineFacts, RefundFacts};
use domain::money::{Currency, Money};
use domain::order::DeliveryMethod;
use domain::refund::RefundMethod;
use domain::time::Timestamp;

const SHOP: Shop<'static> = Shop { name: "ML Allure", timezone: &TimeZone::UTC };

fn facts() -> Facts {
    Facts {
        first_name: "Amina".into(),
        last_name: "Kabongo".into(),
        order_number: "MLA-20260114-0007".into(),
        lines: vec![
            LineFacts { name: "Robe Liputa".into(), details: Some("M · Bleu".into()), quantity: 2, amount: Money::usd(119_000) },
            LineFacts { name: "Foulard".into(), details: None, quantity: 1, amount: Money::usd(54_50) },
        ],
        partial: false,
        subtotal: Money::usd(124_450),
        discount: Money::usd(10_00),
        delivery_fee: Money::usd(5_00),
        total: Money::usd(123_950),
        credit_spent: None,
        to_collect: None,
        delivery_method: DeliveryMethod::HomeDelivery,
        packed: false,
        by_parcel: false,
        ready_for_pickup: false,
        refund: Some(RefundFacts { amount: Money::usd(123_950), method: RefundMethod::MobileMoney }),
        refund_under_way: None,
        refunded: None,
        payment_held: false,
        reason: Some("Mauvaise taille".into()),
        rma_number: Some("RMA-20260120-0003".into()),
        not_arrived: false,
        restocking_fee: None,
        return_shipping_fee: None,
        arrives_before: None,
        tracking_number: Some("MLA4820117365".into()),
        replaced_number: None,
    }
}

fn announcement(kind: MessageKind, locale: Locale, facts: Facts) -> Announcement {
    let id = NotificationId::new(1).unwrap();
    let (order_id, customer_id) = (OrderId::new(1).unwrap(), CustomerId::new(1).unwrap());
    Announcement { kind, locale, order_id, customer_id, email: None, email_id: id, phone: None, sms_id: id, facts }
}

/// A message on both channels.
#[derive(Debug)]
struct Rendered {
    subject: String,
    html: String,
    text: String,
    sms: String,
}

fn render(announcement: &Announcement, shop: &Shop<'_>) -> Result<Rendered, RenderError> {
    let Email { subject, html, text } = email(announcement, shop, None)?;
    Ok(Rendered { subject, html, text: text.expect("a twin"), sms: sms(announcement, shop)? })
}

fn rendered(kind: MessageKind, locale: Locale, facts: &Facts) -> Rendered {
    render(&announcement(kind, locale, facts.clone()), &SHOP).unwrap_or_else(|error| panic!("{kind} in {locale}: {error}"))
}

/// Both ways of delivery and every way of refund, with and without what may be missing, whole and in part, by a parcel
/// and without one.
fn variations() -> impl Iterator<Item = Facts> {
    DeliveryMethod::ALL.iter().flat_map(|delivery_method| {
        RefundMethod::ALL.iter().map(|method| Facts {
            delivery_method: *delivery_method,
            partial: matches!(method, RefundMethod::Cash | RefundMethod::StoreCredit),
            not_arrived: matches!(method, RefundMethod::Cash | RefundMethod::StoreCredit),
            by_parcel: matches!(method, RefundMethod::Cash | RefundMethod::Card),
            refund: Some(RefundFacts { amount: Money::usd(123_950), method: *method }),
            reason: (*method == RefundMethod::Card).then(|| "Mauvaise taille".into()),
            ..facts()
        })
    })
}

/// Of a cancelled order: with and without what goes back, was on its way, had gone back, and is held.
fn ways_of_the_money() -> impl Iterator<Item = Facts> {
    let usual = facts();
    (0..16).map(move |ways: u8| {
        let some = |way: u8| (ways & way != 0).then_some(Money::usd(123_950));
        let refund = usual.refund.filter(|_| ways & 1 != 0);
        Facts { refund, refund_under_way: some(2), refunded: some(4), payment_held: ways & 8 != 0, ..usual.clone() }
    })
}

/// Of a parcel: with its carrier or not, whole or in part, paid or not, with or without a number and one that is void.
fn parcels() -> impl Iterator<Item = Facts> {
    (0..32).flat_map(|ways: u8| {
        let is = move |way: u8| ways & way != 0;
        DeliveryMethod::ALL.iter().map(move |delivery_method| Facts {
            delivery_method: *delivery_method,
            packed: is(1),
            partial: is(2),
            to_collect: is(4).then(|| Money::usd(123_950)),
            tracking_number: is(8).then(|| "MLA4820117365".into()),
            replaced_number: is(16).then(|| "JD0146000034567890".into()),
            ..facts()
        })
    })
}

/// Of an order that waits in the store, and came there by no parcel: whole or in part, paid or not.
fn waiting() -> impl Iterator<Item = Facts> {
    (0..4).map(|ways: u8| Facts {
        delivery_method: DeliveryMethod::StorePickup,
        ready_for_pickup: true,
        partial: ways & 1 != 0,
        to_collect: (ways & 2 != 0).then(|| Money::usd(123_950)),
        tracking_number: None,
        ..facts()
    })
}

/// Of a return: with and without fees and a day that it must arrive before, with nothing that came or that goes back.
fn returns() -> impl Iterator<Item = Facts> {
    (0..32).map(|ways: u8| {
        let is = |way: u8| ways & way != 0;
        Facts {
            restocking_fee: is(1).then(|| Money::usd(100_000)),
            return_shipping_fee: is(2).then(|| Money::usd(23_950)),
            // 2026-09-30T12:00:00Z
            arrives_before: is(4).then_some(Timestamp(1_790_769_600_000)),
            not_arrived: is(8),
            refund: Some(RefundFacts { amount: Money::usd(if is(16) { 0 } else { 123_950 }), method: RefundMethod::MobileMoney }),
            ..facts()
        }
    })
}

fn every_message(mut check: impl FnMut(MessageKind, Locale, &Facts, Rendered)) {
    for facts in returns() {
        for kind in [MessageKind::ReturnApproved, MessageKind::ReturnReceived, MessageKind::RefundProcessed] {
            for locale in Locale::ALL {
                check(kind, *locale, &facts, rendered(kind, *locale, &facts));
            }
        }
    }
    for facts in parcels().chain(waiting()) {
        for locale in Locale::ALL {
            check(MessageKind::ShippingUpdate, *locale, &facts, rendered(MessageKind::ShippingUpdate, *locale, &facts));
        }
    }
    for facts in variations() {
        for kind in MessageKind::ALL {
            for locale in Locale::ALL {
                check(*kind, *locale, &facts, rendered(*kind, *locale, &facts));
            }
        }
    }
}

#[test]
fn every_message_is_complete_in_both_languages() {
    every_message(|kind, locale, facts, Rendered { subject, html, text, sms }| {
        assert!(!subject.is_empty() && !subject.contains(char::is_control), "{kind} {locale}: {subject:?}");
        assert!(html.contains(&format!("<html lang=\"{locale}\">")) && html.trim_end().ends_with("</html>"));
        for part in [&subject, &html, &text, &sms] {
            assert!(!part.contains("{{") && !part.contains("}}"), "{kind} {locale}: {part}");
        }
        for part in [&html, &text] {
            assert!(part.contains("Amina") && part.contains(&facts.order_number) && part.contains(SHOP.name), "{kind} {locale}: {part}");
        }
        assert!(sms.starts_with(SHOP.name), "{sms}");
        assert!(!text.contains("\n\n\n"), "{text}");
    });
}

#[test]
fn an_sms_is_one_part_of_the_gsm_alphabet_and_two_where_money_is_held_besides() {
    let is_in_parts = |kind, locale, sms: &str, most| {
        let strange: String = sms.chars().filter(|c| text::places(*c).is_none()).collect();
        assert_eq!(strange, "", "{kind} {locale}: {sms}");
        assert!(text::parts(sms) <= most, "{kind} {locale}: {} characters: {sms}", sms.chars().count());
        assert!(!sms.contains("  ") && !sms.contains('\n'), "{sms}");
    };
    every_message(|kind, locale, _, Rendered { sms, .. }| is_in_parts(kind, locale, &sms, 1));
    for (ways, facts) in ways_of_the_money().enumerate() {
        for locale in Locale::ALL {
            let most = if ways > 8 { 2 } else { 1 };
            is_in_parts(MessageKind::OrderCancelled, *locale, &rendered(MessageKind::OrderCancelled, *locale, &facts).sms, most);
        }
    }
}

#[test]
fn an_sms_that_would_be_three_parts_leaves_out_the_money_that_is_held() {
    // Its characters are of no GSM alphabet, so that a part has 67 places.
    let shop = Shop { name: "Île", timezone: &TimeZone::UTC };
    let facts = Facts { payment_held: true, ..facts() };
    for (locale, refund, held) in [(Locale::Fr, "1 239,50", "un paiement de votre part"), (Locale::En, "1,239.50", "a payment of yours")] {
        let both = announcement(MessageKind::OrderCancelled, locale, facts.clone());
        let sms = render(&both, &shop).unwrap().sms;
        assert!(sms.contains(refund) && !sms.contains(held) && text::parts(&sms) == 2, "{sms}");
        let alone = announcement(MessageKind::OrderCancelled, locale, Facts { refund: None, ..facts.clone() });
        let sms = render(&alone, &shop).unwrap().sms;
        assert!(sms.contains(held), "{sms}");
    }
}

#[test]
fn the_parts_of_an_sms_are_counted_as_the_network_counts_them() {
    for (sms, parts) in [
        ("a".repeat(160), 1),
        ("a".repeat(161), 2),
        ("é".repeat(306), 2),
        ("a".repeat(307), 3),
        ("€".repeat(80), 1),
        ("€".repeat(81), 2),
        ("ê".repeat(70), 1),
        ("ê".repeat(71), 2),
        ("ê".repeat(134), 2),
        ("ê".repeat(135), 3),
        ("👩".repeat(35), 1),
        ("👩".repeat(36), 2),
    ] {
        assert_eq!(text::parts(&sms), parts, "{} characters: {sms}", sms.chars().count());
    }
}

#[test]
fn what_a_customer_typed_is_escaped_in_html_and_left_alone_elsewhere() {
    let hostile = "<script>alert(1)<script>";
    let dress = "Robe \"É\" <b>";
    for kind in MessageKind::ALL {
        let mut facts = Facts { first_name: hostile.into(), reason: Some("<i>'&".into()), tracking_number: Some("<u>".into()), ..facts() };
        facts.rma_number = Some("<s>".into());
        facts.lines[0].name = dress.into();
        facts.lines[0].details = Some("<em>".into());
        let shop = Shop { name: "M & <L>", ..SHOP };
        let message = render(&announcement(*kind, Locale::Fr, facts), &shop).unwrap();

        for raw in ["<script", "<b>", "<i>", "<u>", "<s>", "<em>", "<L>", "M & "] {
            assert!(!message.html.contains(raw), "{kind}: {raw}");
        }
        assert!(message.html.contains("&lt;script&gt;alert(1)&lt;script&gt;"));
        assert!(message.text.contains(hostile));
        if message.html.contains("Foulard") {
            assert!(message.html.contains("Robe &quot;É&quot; &lt;b&gt;"));
            assert!(message.text.contains(dress));
        }
        for plain in [&message.subject, &message.text, &message.sms] {
            assert!(!plain.contains("&lt;") && !plain.contains("&amp;") && !plain.contains("&quot;"), "{kind}: {plain}");
        }
    }
}

#[test]
fn no_value_can_break_out_of_the_subject_or_add_a_paragraph() {
    let evil = "Ana\r\nBcc: x@localhost\u{2028}\u{85}\0\n\n<p>";
    for kind in MessageKind::ALL {
        let facts = Facts {
            first_name: evil.into(),
            order_number: evil.into(),
            rma_number: Some(evil.into()),
            tracking_number: Some(evil.into()),
            reason: Some(evil.into()),
            ..facts()
        };
        let message = render(&announcement(*kind, Locale::En, facts), &Shop { name: evil, ..SHOP }).unwrap();
        for line in [&message.subject, &message.sms] {
            assert!(!line.contains(|c: char| c.is_control() || c == '\u{2028}'), "{kind}: {line:?}");
        }
        assert!(!message.text.contains("\nBcc") && !message.text.contains('\r'), "{}", message.text);
        let honest = rendered(*kind, Locale::En, &super::tests::facts());
        assert_eq!(message.text.lines().count(), honest.text.lines().count(), "{kind}");
    }
}

#[test]
fn a_value_that_looks_like_a_template_is_text() {
    let facts = Facts { first_name: "{{lastName}}".into(), reason: Some("{{#each lines}}--- sms".into()), ..facts() };
    let message = rendered(MessageKind::OrderCancelled, Locale::En, &facts);
    assert!(message.text.contains("Hello {{lastName}},"));
    assert!(message.html.contains("Hello <bdi>{{lastName}}</bdi>,"));
    assert!(message.text.contains("{{#each lines}}--- sms"));
}

#[test]
fn names_of_any_script_stay_and_overrides_of_direction_go() {
    let facts = Facts { first_name: "Zoë 👩‍👧 أمينة\u{202e}gpj".into(), ..facts() };
    let message = rendered(MessageKind::OrderConfirmed, Locale::Fr, &facts);
    assert!(message.text.contains("Bonjour Zoë 👩‍👧 أمينةgpj,"));
    let nameless = rendered(MessageKind::OrderConfirmed, Locale::Fr, &Facts { first_name: " \n".into(), ..facts });
    assert!(nameless.text.contains("Bonjour,"));
}

#[test]
fn no_name_is_a_link() {
    let greeted = |first_name: &str| {
        let facts = Facts { first_name: first_name.to_owned(), ..facts() };
        rendered(MessageKind::OrderConfirmed, Locale::Fr, &facts)
            .text
            .lines()
            .find(|line| line.starts_with("Bonjour"))
            .unwrap_or_default()
            .to_owned()
    };
    for name in ["URGENT: pay at https://evil.example/pay", "evil.example", "www.evil.example", "pay/now", "a@evil.example"] {
        assert_eq!(greeted(name), "Bonjour,", "{name}");
    }
    for name in ["J.-P.", "J.P.", "Marie Ange", "M. Mbuyi", "N'Landu", "د. أمينة"] {
        assert_eq!(greeted(name), format!("Bonjour {name},"));
    }
}

#[test]
fn a_cancelled_order_speaks_of_a_refund_only_when_one_is_under_way() {
    let refunded = rendered(MessageKind::OrderCancelled, Locale::Fr, &facts());
    assert!(refunded.text.contains("Un remboursement de 1\u{a0}239,50\u{a0}USD sur votre mobile money est en cours."));
    assert!(refunded.sms.contains("Un remboursement de 1 239,50 USD sur votre mobile money est en cours."));
    assert!(refunded.text.contains("Motif\u{a0}: Mauvaise taille"));

    let unpaid = rendered(MessageKind::OrderCancelled, Locale::Fr, &Facts { refund: None, ..facts() });
    assert!(unpaid.text.contains("Il n’y a rien à vous rembourser"));
    assert!(!unpaid.text.contains("en cours") && !unpaid.text.contains("Remboursement"));
}

#[test]
fn a_cancelled_order_speaks_of_every_amount_and_of_nothing_only_where_there_is_none() {
    let said = [
        (
            Locale::Fr,
            ["mobile money est en cours", "engagé avant l’annulation", "déjà remboursé 1", "Nous avons un paiement de votre part"],
            "rien à vous rembourser",
        ),
        (
            Locale::En,
            ["mobile money account is on its way", "made before the cancellation", "already refunded USD", "We hold a payment of yours"],
            "nothing to refund",
        ),
    ];
    for (ways, facts) in ways_of_the_money().enumerate() {
        for (locale, amounts, nothing) in said {
            let Rendered { html, text, sms, .. } = rendered(MessageKind::OrderCancelled, locale, &facts);
            for page in [&html, &text] {
                for (way, amount) in amounts.iter().enumerate() {
                    assert_eq!(page.contains(amount), ways & (1 << way) != 0, "{ways} {amount}: {page}");
                }
                assert_eq!(page.contains(nothing), ways == 0, "{ways}: {page}");
            }
            assert_eq!(sms.contains(nothing), ways == 0, "{ways}: {sms}");
            assert_eq!(sms.contains("1,239.50") || sms.contains("1 239,50"), ways & 7 != 0, "{ways}: {sms}");
            assert_eq!(sms.contains(amounts[3]), ways >= 8, "{ways}: {sms}");
        }
    }
}

#[test]
fn a_failed_refund_keeps_the_providers_reason_from_the_customer() {
    let facts = Facts { reason: Some("PAYER_LIMIT_REACHED at pawaPay".into()), ..facts() };
    let Rendered { html, text, sms, .. } = rendered(MessageKind::RefundFailed, Locale::En, &facts);
    assert!(text.contains("we will contact you") && sms.contains("We will contact you"));
    assert!([html, text, sms].iter().all(|part| !part.contains("pawaPay")));
}

#[test]
fn a_message_without_the_fact_it_is_about_is_an_error_not_a_gap() {
    let bare = Facts { refund: None, rma_number: None, ..facts() };
    for kind in [MessageKind::RefundProcessed, MessageKind::RefundFailed, MessageKind::ReturnApproved] {
        let error = render(&announcement(kind, Locale::En, bare.clone()), &SHOP).unwrap_err();
        assert!(matches!(error, RenderError::Flawed { .. }), "{error}");
    }
}

#[test]
fn the_totals_leave_out_what_is_nothing() {
    let full = rendered(MessageKind::OrderConfirmation, Locale::En, &facts()).text;
    assert!(full.contains("- 2 × Robe Liputa (M · Bleu): USD\u{a0}1,190.00"));
    assert!(full.contains("Discount: −USD\u{a0}10.00") && full.contains("Delivery fee: USD\u{a0}5.00"));
    assert!(full.contains("Total: USD\u{a0}1,239.50"));

    let (discount, delivery_fee) = (Money::usd(0), Money::usd(0));
    let free = rendered(MessageKind::OrderConfirmation, Locale::En, &Facts { discount, delivery_fee, ..facts() }).text;
    assert!(!free.contains("Discount") && free.contains("Delivery fee: Free"));
    let pickup = Facts { discount, delivery_fee, delivery_method: DeliveryMethod::StorePickup, ..facts() };
    assert!(!rendered(MessageKind::OrderConfirmation, Locale::En, &pickup).text.contains("Delivery fee"));
}

#[test]
fn a_page_of_the_longest_order_is_not_clipped() {
    // Gmail cuts a page at 102 KB.
    let line = LineFacts { name: "Robe <longue> en wax".repeat(5), details: Some("M · Bleu nuit".into()), ..facts().lines[0].clone() };
    let message = rendered(MessageKind::OrderCancelled, Locale::Fr, &Facts { lines: vec![line; 50], ..facts() });
    assert!(message.html.len() < 102_000, "{}", message.html.len());
}

#[test]
fn amounts_are_written_as_the_language_does() {
    assert_eq!(amount(Money::usd(15_000), Locale::Fr), "150,00\u{a0}USD");
    assert_eq!(amount(Money::usd(15_000), Locale::En), "USD\u{a0}150.00");
    assert_eq!(amount(Money::usd(-123_456_705), Locale::Fr), "−1\u{a0}234\u{a0}567,05\u{a0}USD");
    assert_eq!(amount(Money::usd(7), Locale::En), "USD\u{a0}0.07");
    assert_eq!(amount(Money::new(123_456, Currency::parse("XAF").unwrap()), Locale::En), "XAF\u{a0}123,456");
}

#[test]
fn french_is_set_with_no_break_spaces_and_plain_in_an_sms() {
    assert_eq!(text::typeset("Merci ! « Oui » : {{a}}", Locale::Fr), "Merci\u{a0}! «\u{a0}Oui\u{a0}»\u{a0}: {{a}}");
    assert_eq!(text::typeset("Thanks : no", Locale::En), "Thanks : no");
    assert_eq!(text::sms("L’été…\u{a0}« – »"), "L'été... \" - \"");
}

#[test]
fn an_e_mail_loads_nothing_and_prints_only_escaped_values() {
    for kind in MessageKind::ALL {
        for locale in Locale::ALL {
            let html = builtin::email(*kind, *locale).unwrap().html;
            for remote in ["http:", "https:", "url(", "src=", "<link", "<img", "@import", "{{{", "{{&", "[[", "]]"] {
                assert!(!html.contains(remote), "{kind} {locale}: {remote}");
            }
        }
    }
}

#[test]
fn the_built_in_templates_are_templates_like_any_other_and_use_what_their_code_has() {
    for kind in MessageKind::ALL {
        for locale in Locale::ALL {
            let wording = builtin::email(*kind, *locale).unwrap();
            let read = check(&wording).unwrap_or_else(|flawed| panic!("{kind} {locale}: {flawed:?}"));
            for name in read.uses() {
                assert!(variables::knows(*kind, &name), "{kind} {locale}: {name}");
            }
            assert!(
                wording.html.len() < domain::template::MAX_HTML_BYTES && wording.text.unwrap().len() < domain::template::MAX_TEXT_BYTES
            );
            assert!(!wording.name.is_empty() && wording.name.len() <= 100 && wording.subject.len() <= 250);
        }
    }
}

#[test]
fn the_variables_of_a_code_are_those_that_are_said_to_be() {
    for kind in MessageKind::ALL {
        let of = variables::of(*kind);
        for announcement in [variables::sample(*kind, Locale::Fr).unwrap(), announcement(*kind, Locale::En, facts())] {
            let values = variables::values(&announcement, &SHOP);
            let values = values.as_object().unwrap();
            for name in values.keys() {
                assert!(variables::knows(*kind, name), "{kind}: {name}");
            }
            for field in values
                .get("items")
                .into_iter()
                .flat_map(|items| items.as_array().unwrap())
                .flat_map(|item| item.as_object().unwrap().keys())
            {
                let known = variables::knows(*kind, &format!("items.{field}"));
                assert!(known || (field == "amount" && !variables::knows(*kind, "total")), "{kind}: items.{field}");
            }
            for variable in of.iter().filter(|variable| variable.always && !variable.name.contains('.')) {
                assert!(values.contains_key(variable.name), "{kind}: {}", variable.name);
            }
        }
    }
}

fn own(wording: Wording) -> Template {
    use domain::actor::Actor;
    use domain::ids::Ids;
    use domain::template::{TemplateCode, TemplateRequest};
    use domain::time::Timestamp;
    let request = TemplateRequest { code: TemplateCode::parse("ORDER_CONFIRMED").unwrap(), locale: Locale::Fr, wording };
    Template::create(request, vec![], None, Actor::System, Timestamp(1), Ids::new(Timestamp(2_000_000_000_000), 1)).unwrap()
}

fn saying(subject: &str, html: &str, text: Option<&str>) -> Wording {
    let text = text.map(ToOwned::to_owned);
    Wording { name: "Own".to_owned(), subject: subject.to_owned(), html: html.to_owned(), text, declared: None }
}

#[test]
fn the_shops_own_template_is_sent_and_escaped_in_its_page_alone() {
    let announcement =
        announcement(MessageKind::OrderConfirmed, Locale::Fr, Facts { first_name: "<Ana>\r\nBcc: x@localhost".into(), ..facts() });
    let own = own(saying(
        "{{orderNumber}} – {{firstName}}",
        "<p>{{firstName}}: {{#each items}}{{quantity}} {{name}}, {{/each}}{{total}}</p>",
        Some("{{firstName}}"),
    ));
    let sent = email(&announcement, &SHOP, Some(&Own::from(&own))).unwrap();
    assert_eq!(sent.subject, "MLA-20260114-0007 – <Ana> Bcc: x@localhost");
    assert_eq!(sent.html, "<p>&lt;Ana&gt; Bcc: x@localhost: 2 Robe Liputa, 1 Foulard, 1\u{a0}239,50\u{a0}USD</p>");
    assert_eq!(sent.text.as_deref(), Some("<Ana> Bcc: x@localhost\n"));
}

#[test]
fn a_template_that_cant_be_filled_is_no_reason_for_silence() {
    let announcement = announcement(MessageKind::OrderConfirmed, Locale::Fr, facts());
    let built_in = email(&announcement, &SHOP, None).unwrap();
    let huge = format!("{{{{#each items}}}}{}{{{{/each}}}}", "x".repeat(150 * 1024));
    for html in ["{{nobody}}", "{{#each items}}{{price}}{{/each}}", "{{#each total}}x{{/each}}", "{{#if a}}", huge.as_str()] {
        assert_eq!(email(&announcement, &SHOP, Some(&Own::from(&own(saying("Own", html, None))))).unwrap(), built_in, "{html}");
    }
}

#[test]
fn a_template_that_comes_out_blank_is_not_sent_and_a_blank_twin_is_left_away() {
    let announcement = announcement(MessageKind::OrderConfirmed, Locale::Fr, Facts { tracking_number: None, ..facts() });
    let built_in = email(&announcement, &SHOP, None).unwrap();
    let sent = |subject: &str, html: &str, text| email(&announcement, &SHOP, Some(&Own::from(&own(saying(subject, html, text))))).unwrap();
    let nothing = "{{#if trackingNumber}}{{trackingNumber}}{{/if}}";
    for blank in [nothing, " \n\t\u{a0}", "\u{202a}"] {
        assert_eq!(sent(blank, "<p>Own</p>", None), built_in, "{blank:?} as the subject");
    }
    assert_eq!(sent("Own", nothing, Some("Own")), built_in);
    let own = sent("Own", "<p>Own</p>", Some(nothing));
    assert_eq!((own.subject.as_str(), own.text), ("Own", None));
}

#[test]
fn everything_that_is_wrong_with_a_template_is_found_with_its_place() {
    let wording = Wording {
        declared: Some(vec!["name".into(), "items".into()]),
        ..saying("{{name}} {{b}}", "<p>\n{{c}}{{#each items}}{{anything}}{{../d}}{{/each}}</p>", Some("{{#if name}}"))
    };
    let found: Vec<(Part, usize, usize)> =
        check(&wording).unwrap_err().into_iter().map(|flawed| (flawed.part, flawed.flaw.line, flawed.flaw.column)).collect();
    assert_eq!(found, [(Part::Subject, 1, 10), (Part::Html, 2, 1), (Part::Html, 2, 33), (Part::Text, 1, 13)]);
    let read = check(&saying("{{b}}", "{{#each items}}{{name}}{{/each}}", Some("{{a.c}}"))).unwrap();
    assert_eq!(read.uses(), ["a.c", "b", "items", "items.name"]);
}

/// How many templates this thread reads meanwhile.
fn reading<T>(work: impl FnOnce() -> T) -> usize {
    let before = language::READ.get();
    work();
    language::READ.get() - before
}

#[test]
fn a_template_is_read_once_however_many_mails_are_made_of_it() {
    let announcement = announcement(MessageKind::OrderConfirmed, Locale::Fr, facts());
    let own = own(saying("{{orderNumber}}", "<p>{{firstName}}</p>", Some("{{firstName}}")));
    assert_eq!(reading(|| Own::from(&own)), 3, "subject, page and text");
    let saved = || try_out(Some(MessageKind::OrderConfirmed), Locale::Fr, &check(&own.wording).unwrap(), &SHOP).unwrap();
    assert_eq!(reading(saved), 3, "checked and tried");
    let own = Own::from(&own);
    assert!(reading(|| email(&announcement, &SHOP, None).unwrap()) <= 3, "the one that is needed, and no other");
    assert_eq!(reading(|| (0..10).for_each(|_| drop(email(&announcement, &SHOP, None).unwrap()))), 0);
    assert_eq!(reading(|| (0..10).for_each(|_| drop(email(&announcement, &SHOP, Some(&own)).unwrap()))), 0);
}

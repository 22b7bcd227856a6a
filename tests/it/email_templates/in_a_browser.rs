//! Every built-in mail as a browser lays it out: on a telephone and on a desk, by day and by night, with what is usual in it and with what
//! is as long as it gets.

use crate::kit::Directory;
use domain::message::{Announcement, Locale, MessageKind};
use domain::money::Money;
use functions::messages::{self, Shop, variables};
use serde_json::Value;
use std::fmt::Write;

const WIDTHS: [u32; 2] = [360, 640];
const SHOP: Shop<'static> = Shop { name: "ML Allure", timezone: &jiff::tz::TimeZone::UTC };

/// The same with names, amounts and reasons that leave no room.
fn long(mut announcement: Announcement) -> Announcement {
    let facts = &mut announcement.facts;
    facts.first_name = "Marie-Antoinette-Bénédicte".into();
    facts.order_number = "MLA-20260114-123456".into();
    facts.reason = Some("Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen".repeat(3));
    facts.tracking_number = Some("JD0146000034567890123456789012".to_owned());
    for line in &mut facts.lines {
        line.name = format!("Ensemble pagne {}", "sur-mesure-".repeat(8));
        line.details = Some(format!("XXL · {}", "Indigo".repeat(12)));
        (line.quantity, line.amount) = (1_000, Money::usd(98_765_432_10));
    }
    (facts.subtotal, facts.total) = (Money::usd(98_765_432_10), Money::usd(98_765_432_10));
    announcement
}

/// A page with every mail at every width, and a script that looks at them.
fn page() -> (String, usize) {
    let (mut page, mut frames) = ("<!DOCTYPE html><meta charset=\"utf-8\"><body>".to_owned(), 0);
    for kind in MessageKind::ALL {
        for locale in Locale::ALL {
            let usual = variables::sample(*kind, *locale).expect("a message to look at");
            for (length, announcement) in [("usual", usual.clone()), ("long", long(usual))] {
                let html = messages::email(&announcement, &SHOP, None).expect("an e-mail").html;
                let html = html.replace('&', "&amp;").replace('"', "&quot;");
                for width in WIDTHS {
                    frames += 1;
                    let style = format!("border:0;width:{width}px;height:5000px");
                    writeln!(page, "<iframe title=\"{kind} {locale} {length}\" style=\"{style}\" srcdoc=\"{html}\"></iframe>")
                        .expect("text");
                }
            }
        }
    }
    write!(page, "<script>{}</script>", include_str!("measure.js")).expect("text");
    (page, frames)
}

/// What the script wrote down.
fn seen(page: &str, flags: &[&str]) -> Vec<Value> {
    let dom = Directory::new("mails").browse(page, &[flags, &["--dump-dom"]].concat());
    let start = dom.find("<body>").expect("a body") + "<body>".len();
    let text = dom[start..].split("</body>").next().unwrap_or_default().replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {}", text.chars().take(500).collect::<String>()))
}

#[test]
#[ignore = "needs chromium"]
fn every_mail_fits_its_screen_can_be_read_and_needs_nothing_from_outside() {
    let (page, frames) = page();
    for (scheme, flags) in [("light", &[][..]), ("dark", &["--force-dark-mode"])] {
        let mails = seen(&page, flags);
        assert_eq!(mails.len(), frames, "{scheme}");
        for mail in &mails {
            let name = format!("{} at {} px, {scheme}", mail["mail"], mail["width"]);
            assert_eq!(mail["scheme"], scheme, "{name}");
            assert_eq!(mail["flaws"], Value::Array(vec![]), "{name}");
            assert!(mail["texts"].as_u64() > Some(10), "{name} says something: {mail}");
        }
        for width in WIDTHS {
            assert_eq!(mails.iter().filter(|mail| mail["width"] == width).count(), frames / WIDTHS.len(), "{scheme}");
        }
        // Dark is another picture, not the same one with another name.
        let ground = mails[0]["ground"][0].as_u64().expect("a colour");
        assert_eq!(ground > 128, scheme == "light", "{ground}");
    }
}

/// What the script says of a page that has every flaw, or nothing that it finds is to be believed.
#[test]
#[ignore = "needs chromium"]
fn a_bad_mail_is_found_out() {
    let bad = "<body style='margin:0;background:#fff'><p style='color:#ccc'>pale</p><p style='font-size:9px'>small</p>\
               <div style='width:700px'>wide</div><img src='data:,'><p style='display:none;color:#fff'>unseen</p></body>";
    let frame = format!("<iframe title=\"bad\" style=\"border:0;width:360px;height:900px\" srcdoc=\"{bad}\"></iframe>");
    let page = format!("<!DOCTYPE html><meta charset=\"utf-8\"><body>{frame}<script>{}</script>", include_str!("measure.js"));
    let flaws = seen(&page, &[]).pop().expect("one")["flaws"].to_string();
    for flaw in ["is 700 px wide on 360", "contrast 1.61: pale", "9 px: small", "needs something from outside"] {
        assert!(flaws.contains(flaw), "{flaw}: {flaws}");
    }
    assert!(!flaws.contains("unseen"), "{flaws}");
}

//! The slip as it comes out of a printer: printed by Chromium, read by poppler and by a barcode scanner.

use super::{shop, slip};
use crate::kit::{Directory, LocalShop, Placed, run};
use serde_json::json;

/// A slip, printed.
struct Printed {
    directory: Directory,
    pages: usize,
}

impl Printed {
    /// On a paper, which a printer's dialog would choose. The policy of the page forbids a further style, so it stands before it.
    fn on(paper: &str, page: &str) -> Self {
        let directory = Directory::new(&format!("packing-slip-{paper}"));
        let sized = page.replacen("<head>", &format!("<head><style>@page {{ size: {paper} }}</style>"), 1);
        let pdf = directory.path("slip.pdf");
        directory.browse(&sized, &["--no-pdf-header-footer", &format!("--print-to-pdf={pdf}")]);
        let info = run("pdfinfo", &[&pdf]);
        let size = if paper == "A4" { "(A4)" } else { "(letter)" };
        assert!(info.lines().any(|line| line.starts_with("Page size:") && line.ends_with(size)), "{info}");
        let pages = info.lines().find_map(|line| line.strip_prefix("Pages:")?.trim().parse().ok()).expect("pages");
        Self { directory, pages }
    }

    fn path(&self, name: &str) -> String {
        self.directory.path(name)
    }

    /// The text of a page, the first being 1.
    fn text(&self, page: usize) -> String {
        let page = page.to_string();
        run("pdftotext", &["-layout", "-f", &page, "-l", &page, &self.path("slip.pdf"), "-"])
    }

    /// What a scanner reads from the first page at a resolution.
    fn scanned(&self, dpi: &str) -> String {
        run("pdftoppm", &["-r", dpi, "-gray", "-png", "-f", "1", "-l", "1", "-singlefile", &self.path("slip.pdf"), &self.path("page")]);
        run("zbarimg", &["--quiet", &self.path("page.png")])
    }
}

fn number(order: &Placed) -> &str {
    order.body["orderNumber"].as_str().expect("a number")
}

async fn large(shop: &LocalShop, lines: usize) -> (Placed, String) {
    let notes = json!("Livraison après 17 h, s’il vous plaît.\nSonner deux fois.");
    let order = shop.order().lines(lines).with("notes", notes).place().await;
    let page = slip(shop, &order).await;
    (order, page)
}

#[tokio::test]
#[ignore = "needs chromium, poppler-utils and zbar-tools"]
async fn twelve_lines_are_one_page_and_fifty_are_several_each_with_heads_and_its_number() {
    let shop = shop().await;
    let (twelve, fifty) = (large(&shop, 12).await, large(&shop, 50).await);
    for paper in ["A4", "letter"] {
        let small = Printed::on(paper, &twelve.1);
        assert_eq!(small.pages, 1, "{paper}");
        let printed = Printed::on(paper, &fifty.1);
        assert!((2..=4).contains(&printed.pages), "{paper}: {}", printed.pages);
        let mut lines = 0;
        for page in 1..=printed.pages {
            let text = printed.text(page);
            let rows = text.lines().filter(|line| line.contains("SKU-")).count();
            assert!(rows == 0 || ["ARTICLE", "PRÉLEVÉ", "EMBALLÉ"].iter().all(|head| text.contains(head)), "{paper}, page {page}: {text}");
            assert!(text.contains(&format!("Page {page} sur {}", printed.pages)) && text.contains(number(&fifty.0)), "{paper}: {text}");
            lines += rows;
        }
        assert_eq!(lines, 50, "{paper}");
        let last = printed.text(printed.pages);
        assert!(last.contains("50 pièces") && last.contains("SIGNATURE"), "what belongs together is on one page: {last}");
    }
}

#[tokio::test]
#[ignore = "needs chromium, poppler-utils and zbar-tools"]
async fn a_scanner_reads_the_number_from_paper() {
    let shop = shop().await;
    let (order, page) = large(&shop, 12).await;
    for paper in ["A4", "letter"] {
        let printed = Printed::on(paper, &page);
        for dpi in ["300", "200", "600"] {
            assert_eq!(printed.scanned(dpi).trim(), format!("CODE-128:{}", number(&order)), "{paper} at {dpi} dpi");
        }
    }
}

#[tokio::test]
#[ignore = "needs chromium, poppler-utils and zbar-tools"]
async fn hostile_and_foreign_texts_are_printed_as_text() {
    let shop = shop().await;
    let customer = json!({ "firstName": "<script>alert(1)</script>", "lastName": "محمد", "locale": "en" });
    let order = shop.order().with("customer", customer).with("deliveryAddress", json!("</style><b>12 avenue de la Paix</b>")).place().await;
    let printed = Printed::on("A4", &slip(&shop, &order).await);
    let text = printed.text(1);
    assert!(text.contains("<script>alert(1)</script>") && text.contains("</style><b>12 avenue") && text.contains("PACKING SLIP"), "{text}");
    // The letters of the name, in whatever order and form the PDF has them.
    assert!(text.chars().any(|c| matches!(c, '\u{600}'..='\u{6ff}' | '\u{fe70}'..='\u{feff}')), "{text}");
}

/// Words of a page that stick out of what a printer prints: within a centimetre of the paper's edge, in whole points.
fn sticking_out(printed: &Printed) -> Vec<String> {
    const CENTIMETRE: i64 = 28;
    let boxes = run("pdftotext", &["-bbox", &printed.path("slip.pdf"), "-"]);
    let value = |line: &str, name: &str| {
        let rest = line.split_once(&format!(" {name}=\"")).expect("a box").1;
        rest.split(['"', '.']).next().and_then(|whole| whole.parse::<i64>().ok()).expect("a number")
    };
    let (mut width, mut found) = (0, Vec::new());
    for line in boxes.lines().map(str::trim) {
        if line.starts_with("<page ") {
            width = value(line, "width");
        } else if line.starts_with("<word ") && (value(line, "xMin") < CENTIMETRE || value(line, "xMax") > width - CENTIMETRE) {
            found.push(line.to_owned());
        }
    }
    assert!(width > 0, "{boxes}");
    found
}

#[tokio::test]
#[ignore = "needs chromium, poppler-utils and zbar-tools"]
async fn long_names_are_broken_and_printed_to_their_last_letter() {
    let shop = shop().await;
    let name = "Ensemble-de-cérémonie-brodé-à-la-main".repeat(4);
    let variant = json!({ "productId": 900, "sku": "ENSEMBLE-DE-CEREMONIE-BRODE-0001", "productName": name, "size": "XXXL-LONG", "price": 120,
        "color": "Bleu nuit à reflets métalliques et dorés", "stockQuantity": 9 });
    let made = shop.keeper().put("/api/inventory", &json!({ "variants": [variant] })).await.ok();
    let (first, last) = ("Marie-Claire-Élisabeth".repeat(4), "Kabongo-wa-Tshibangu-Ilunga".repeat(3));
    let street = "avenue-du-Colonel-Lukusa".repeat(5);
    let order = shop
        .order()
        .with("items", json!([{ "variantId": made["variants"][0]["id"], "quantity": 2 }]))
        .with("customer", json!({ "firstName": first, "lastName": last, "locale": "fr" }))
        .with("deliveryAddress", json!(street))
        .with("notes", json!("Sonner-chez-le-gardien".repeat(8)))
        .place()
        .await;
    let page = slip(&shop, &order).await;
    for paper in ["A4", "letter"] {
        let printed = Printed::on(paper, &page);
        assert_eq!(printed.pages, 1, "{paper}");
        assert_eq!(sticking_out(&printed), Vec::<String>::new(), "{paper}");
        // Line by line within a block, as it is read.
        let text: String = run("pdftotext", &["-raw", &printed.path("slip.pdf"), "-"]).split_whitespace().collect();
        for whole in [&name, &first, &last, &street] {
            assert!(text.contains(whole.as_str()), "{paper}: {whole}: {text}");
        }
    }
}

#[tokio::test]
#[ignore = "needs chromium, poppler-utils and zbar-tools"]
async fn a_cancelled_order_says_so_on_every_page() {
    let shop = shop().await;
    let (order, _) = large(&shop, 50).await;
    shop.staff().post(&order.path("cancel"), &json!({ "reason": "x" })).await.ok();
    let printed = Printed::on("A4", &slip(&shop, &order).await);
    assert!(printed.pages > 1);
    for page in 1..=printed.pages {
        let text = printed.text(page);
        assert!(text.contains("Annulée"), "page {page}: {text}");
    }
}

//! Pages of HTML, under a policy (Content Security Policy, level 3) by which nothing in them runs and nothing is loaded.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use ring::digest::{Context, SHA256};

/// A style of ours, hashed once, however many pages stand in it.
#[derive(Clone)]
pub struct Style {
    css: String,
    hashed: Context,
}

impl Style {
    /// A style of whole rules.
    #[must_use]
    pub fn new(css: &str) -> Self {
        // A line of its own, so that nothing which comes after it begins in its last one.
        let css = format!("{}\n", never_ending(css.trim_end()));
        let mut hashed = Context::new(&SHA256);
        hashed.update(css.as_bytes());
        Self { css, hashed }
    }

    /// The style with these rules of a single page's behind it, and the hash that a policy allows it by.
    fn and(&self, rules: &str) -> (String, String) {
        let rules = never_ending(rules);
        let mut hashed = self.hashed.clone();
        hashed.update(rules.as_bytes());
        (format!("{}{rules}", self.css), STANDARD.encode(hashed.finish()))
    }
}

/// Without the one text that could end a style early. CSS reads the escaped one as the same.
fn never_ending(css: &str) -> String {
    css.replace("</", "<\\/")
}

/// A page with one style, which stands in it. Whatever else in it asks for a style, a script, an image or another address is
/// refused by the browser, so that a text that got by the escaping would still do nothing.
#[derive(Clone, Debug)]
pub struct Page {
    html: String,
    policy: String,
}

impl Page {
    /// A page in a language, in a style and rules of its own. The policy stands in the page as well: a client that shows it in
    /// a frame or a window of its own has no header to go by.
    #[must_use]
    pub fn new(language: &str, title: &str, style: &Style, rules: &str, body: &Markup) -> Self {
        let (style, hash) = style.and(rules);
        let policy = format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'");
        let page = html! {
            (DOCTYPE)
            html lang=(language) {
                head {
                    meta charset="utf-8";
                    meta http-equiv="Content-Security-Policy" content=(policy);
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    title { (title) }
                    style { (PreEscaped(style)) }
                }
                body { (body) }
            }
        };
        Self { html: page.into_string(), policy: format!("{policy}; frame-ancestors 'none'") }
    }

    /// The document.
    #[must_use]
    pub fn html(&self) -> &str {
        &self.html
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        // Base64 and words of ours, so it is a header's value.
        let policy = HeaderValue::from_str(&self.policy).unwrap_or(HeaderValue::from_static("default-src 'none'"));
        let headers: [(HeaderName, HeaderValue); 3] = [
            (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
            (header::CONTENT_SECURITY_POLICY, policy),
            (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        ];
        (headers, self.html).into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_names_the_style_that_stands_in_the_page() {
        let style = Style::new("p { color: black }");
        let page = Page::new("fr", "<Titre>", &style, "b { color: red }", &html! { p { "Bonjour" } });
        let style = page.html.split_once("<style>").and_then(|(_, rest)| rest.split_once("</style>")).unwrap().0;
        let expected = format!("style-src 'sha256-{}'", STANDARD.encode(ring::digest::digest(&SHA256, style.as_bytes())));
        assert!(page.policy.contains(&expected), "{}", page.policy);
        assert_eq!(style, "p { color: black }\nb { color: red }");
        // Before the style, so that the style is held to it.
        let inside = page.html.find("http-equiv=\"Content-Security-Policy\"").unwrap();
        assert!(inside < page.html.find("<style>").unwrap() && page.html.contains(&expected));
        assert!(page.html.contains("<title>&lt;Titre&gt;</title>"));
    }

    #[test]
    fn no_style_ends_itself() {
        let hostile = "a::after { content: \"</style><script>\" }";
        for (style, rules) in [(hostile, ""), ("", hostile), ("a {} <", "/style><script>")] {
            let page = Page::new("fr", "", &Style::new(style), rules, &html! {});
            assert!(!page.html.contains("</style><script>"), "{}", page.html);
        }
    }

    #[test]
    fn a_page_is_html_and_nothing_may_show_it_in_a_frame() {
        let response = Page::new("en", "", &Style::new(""), "", &html! {}).into_response();
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
        let policy = response.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-") && policy.ends_with("frame-ancestors 'none'"), "{policy}");
    }
}

//! A shop's logo, as its configuration has it: a small SVG that is drawn inside our pages.

use std::fmt::Write;

/// The most bytes: Lambda gives all the variables of a function 4 KB together.
pub const MOST_BYTES: usize = 2048;

/// What a logo may be drawn of: nothing that runs, loads, links or holds a text.
const SHAPES: [&str; 9] = ["svg", "g", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon"];

/// What a shape may say of itself: nothing that names another thing (`id`, `class`, `href`) or hears of an event.
#[rustfmt::skip]
const ATTRIBUTES: [&str; 31] = [
    "xmlns", "version", "viewBox", "d", "points", "x", "y", "width", "height", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry",
    "transform", "fill", "fill-rule", "fill-opacity", "stroke", "stroke-width", "stroke-linecap", "stroke-linejoin", "stroke-miterlimit",
    "stroke-dasharray", "stroke-opacity", "opacity", "color",
];

/// An SVG, read shape by shape and written anew from what is known: a page shows what was checked and nothing else. What
/// isn't known is refused rather than left out, so that no logo looks other than its maker thinks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logo(String);

/// Why a logo is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogoError {
    /// More than fits beside the other variables.
    #[error("has {0} bytes; {MOST_BYTES} are the most")]
    TooLong(usize),
    /// Not one `svg` around everything else.
    #[error("is not one <svg> with shapes inside, each of which ends")]
    NoSvg,
    /// Without it nobody knows how large it is.
    #[error("has no viewBox of four numbers")]
    NoViewBox,
    /// A comment, a declaration, an entity, a text.
    #[error("has something that is no shape at {0:?}")]
    NoShape(String),
    /// An element that is no plain shape.
    #[error("has a <{0}>; what is taken: {known}", known = SHAPES.join(", "))]
    Element(String),
    /// An attribute that isn't known, or stands there twice.
    #[error("has the attribute {0}, which is not taken or stands there twice")]
    Attribute(String),
    /// More than numbers, plain words and colours.
    #[error("has a value of {0} that is not taken")]
    Value(&'static str),
}

impl Logo {
    /// Reads an SVG.
    ///
    /// # Errors
    /// See [`LogoError`].
    pub fn parse(svg: &str) -> Result<Self, LogoError> {
        if svg.len() > MOST_BYTES {
            return Err(LogoError::TooLong(svg.len()));
        }
        let mut rest = svg.trim();
        let (mut written, mut open) = (String::with_capacity(rest.len()), Vec::new());
        loop {
            let (tag, after) = Tag::read(rest)?;
            rest = after.trim_start();
            match tag {
                Tag::Begin { name, attributes, is_whole } => {
                    if written.is_empty() != (name == "svg") {
                        return Err(LogoError::NoSvg);
                    }
                    write_shape(&mut written, name, &attributes)?;
                    if is_whole {
                        let _never = write!(written, "</{name}>");
                    } else {
                        open.push(name);
                    }
                }
                Tag::End(name) => {
                    if open.pop() != Some(name) {
                        return Err(LogoError::NoSvg);
                    }
                    let _never = write!(written, "</{name}>");
                }
            }
            if open.is_empty() {
                return if rest.is_empty() { Ok(Self(written)) } else { Err(LogoError::NoSvg) };
            }
        }
    }

    /// The SVG, to stand in a page.
    #[must_use]
    pub fn as_svg(&self) -> &str {
        &self.0
    }
}

/// The picture itself is as large as the page has room for, and says nothing that the shop's name beside it doesn't.
fn write_shape(written: &mut String, name: &str, attributes: &[(&'static str, &str)]) -> Result<(), LogoError> {
    let is_picture = name == "svg";
    let _never = write!(written, "<{name}");
    for (attribute, value) in attributes {
        let is_dropped = is_picture && ["xmlns", "version", "width", "height"].contains(attribute);
        if !is_dropped {
            let _never = write!(written, " {attribute}=\"{value}\"");
        }
    }
    if is_picture {
        let view = attributes.iter().find(|(attribute, _)| *attribute == "viewBox");
        view.filter(|(_, view)| is_view_box(view)).ok_or(LogoError::NoViewBox)?;
        written.push_str(" aria-hidden=\"true\"");
    }
    written.push('>');
    Ok(())
}

/// Where it begins, and how wide and high it is, which is more than nothing.
fn is_view_box(value: &str) -> bool {
    let numbers: Option<Vec<f64>> = value.split([' ', ',']).filter(|part| !part.is_empty()).map(|part| part.parse().ok()).collect();
    matches!(numbers.as_deref(), Some([_, _, width, height]) if *width > 0.0 && *height > 0.0)
}

/// A tag; what it names are names of ours.
enum Tag<'a> {
    Begin { name: &'static str, attributes: Vec<(&'static str, &'a str)>, is_whole: bool },
    End(&'static str),
}

impl<'a> Tag<'a> {
    /// The tag that a text begins with, and what comes after it.
    fn read(text: &'a str) -> Result<(Self, &'a str), LogoError> {
        let no_shape = || LogoError::NoShape(text.chars().take(20).collect());
        let inside = text.strip_prefix('<').ok_or_else(no_shape)?;
        if let Some(end) = inside.strip_prefix('/') {
            let (name, rest) = end.split_once('>').ok_or_else(no_shape)?;
            return Ok((Self::End(shape(name.trim_end())?), rest));
        }
        let (name, mut rest) = inside.split_at(inside.find(|c: char| !c.is_ascii_alphanumeric()).ok_or_else(no_shape)?);
        if name.is_empty() {
            return Err(no_shape());
        }
        let name = shape(name)?;
        let mut attributes = Vec::new();
        loop {
            let next = rest.trim_start();
            if let Some((after, is_whole)) =
                next.strip_prefix("/>").map(|after| (after, true)).or(next.strip_prefix('>').map(|after| (after, false)))
            {
                return Ok((Self::Begin { name, attributes, is_whole }, after));
            }
            // Two attributes have white space between them.
            if next.len() == rest.len() {
                return Err(no_shape());
            }
            let (attribute, value, after) = attribute(next).ok_or_else(no_shape)??;
            if attributes.iter().any(|(known, _)| *known == attribute) {
                return Err(LogoError::Attribute(attribute.to_owned()));
            }
            attributes.push((attribute, value));
            rest = after;
        }
    }
}

fn shape(name: &str) -> Result<&'static str, LogoError> {
    let known = SHAPES.into_iter().find(|known| *known == name);
    known.ok_or_else(|| LogoError::Element(name.chars().take(20).collect()))
}

/// `name="value"` or `name='value'`, and what comes after it; nothing for what is written in no such way.
fn attribute(text: &str) -> Option<Result<(&'static str, &str, &str), LogoError>> {
    let (name, rest) = text.split_once('=')?;
    let (name, rest) = (name.trim_end(), rest.trim_start());
    let quote = rest.chars().next().filter(|quote| ['"', '\''].contains(quote))?;
    let (value, after) = rest[1..].split_once(quote)?;
    let Some(name) = ATTRIBUTES.into_iter().find(|known| *known == name) else {
        return Some(Err(LogoError::Attribute(name.chars().take(20).collect())));
    };
    let is_taken = if name == "xmlns" { value == "http://www.w3.org/2000/svg" } else { is_plain(value) };
    Some(if is_taken { Ok((name, value, after)) } else { Err(LogoError::Value(name)) })
}

/// Numbers, words, colours and transformations. No quote, no `<`, no `&`, no `:`, and no reference to something else.
fn is_plain(value: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c.is_ascii_whitespace() || "#%().,+-".contains(c);
    value.chars().all(is_plain) && !value.to_ascii_lowercase().contains("url")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn refusal(svg: &str) -> String {
        Logo::parse(svg).unwrap_err().to_string()
    }

    #[test]
    fn shapes_are_taken_and_the_picture_leaves_its_size_to_the_page() {
        let svg = "
            <svg xmlns='http://www.w3.org/2000/svg' width='640px' height=\"64\" viewBox='0 0 64 64' fill='none' version='1.1'>
              <g transform = 'translate(1, 2) rotate(-4)' stroke='#7b2d43'><circle cx='32' cy='32' r='30'/>
              <path d='M14 44V20l10 15\n 10-15v24' stroke-width='2.5' /></g>
            </svg>";
        let expected = "<svg viewBox=\"0 0 64 64\" fill=\"none\" aria-hidden=\"true\">\
                        <g transform=\"translate(1, 2) rotate(-4)\" stroke=\"#7b2d43\"><circle cx=\"32\" cy=\"32\" r=\"30\"></circle>\
                        <path d=\"M14 44V20l10 15\n 10-15v24\" stroke-width=\"2.5\"></path></g></svg>";
        assert_eq!(Logo::parse(svg).unwrap().as_svg(), expected);
    }

    #[test]
    fn whatever_could_act_or_load_is_refused_by_its_name() {
        let within = |shape: &str| refusal(&format!("<svg viewBox='0 0 1 1'>{shape}</svg>"));
        for element in
            ["script", "style", "a", "image", "use", "foreignObject", "text", "animate", "set", "title", "iframe", "SVG", "svg:g"]
        {
            let sentence = within(&format!("<{element}></{element}>"));
            assert!(
                sentence.contains(&format!("<{}>", element.split(':').next().unwrap())) || sentence.contains("no shape"),
                "{element}: {sentence}"
            );
        }
        for attribute in
            ["onload", "onclick", "href", "xlink:href", "style", "class", "id", "filter", "mask", "clip-path", "xml:base", "FILL"]
        {
            assert!(within(&format!("<g {attribute}='x'/>")).contains(&format!("the attribute {attribute}")), "{attribute}");
        }
        for value in ["url(#a)", "URL(#a)", "javascript:alert(1)", "&#x6a;", "a;b", "https://x", "a\\b", "é", "x\"y", "a<b", "var(--x);"] {
            assert_eq!(within(&format!("<g fill='{value}'/>")), "has a value of fill that is not taken", "{value}");
        }
        assert_eq!(refusal("<svg xmlns='http://www.w3.org/1999/xhtml' viewBox='0 0 1 1'/>"), "has a value of xmlns that is not taken");
    }

    #[test]
    fn what_is_no_plain_svg_is_refused() {
        for text in [
            "",
            " ",
            "ML Allure",
            "data:image/png;base64,AAAA",
            "https://shop.example/logo.svg",
            "<",
            "<svg",
            "<svg viewBox='0 0 1 1'",
            "<svg viewBox='0 0 1 1'>",
            "<svg viewBox='0 0 1 1'></g>",
            "<svg viewBox='0 0 1 1'><g></svg></g>",
            "<svg viewBox='0 0 1 1'/><svg viewBox='0 0 1 1'/>",
            "<svg viewBox='0 0 1 1'><svg viewBox='0 0 1 1'/></svg>",
            "<g viewBox='0 0 1 1'/>",
            "<svg viewBox='0 0 1 1'>text</svg>",
            "<svg viewBox='0 0 1 1'><!-- c --></svg>",
            "<svg viewBox='0 0 1 1'><![CDATA[x]]></svg>",
            "<?xml version='1.0'?><svg viewBox='0 0 1 1'/>",
            "<!DOCTYPE svg><svg viewBox='0 0 1 1'/>",
            "<svg viewBox='0 0 1 1'><g fill='red'stroke='red'/></svg>",
            "<svg viewBox='0 0 1 1'><g fill=red/></svg>",
            "<svg viewBox='0 0 1 1'><g fill/></svg>",
            "<svg viewBox='0 0 1 1'><g fill='red' fill='blue'/></svg>",
            "<svg viewBox='0 0 1 1'/>\u{0}",
            "<svg/>",
            "<svg viewBox='0 0 1'/>",
            "<svg viewBox='0 0 0 1'/>",
            "<svg viewBox='0 0 a b'/>",
            "<svg viewBox='0 0 NaN 1'/>",
        ] {
            assert!(Logo::parse(text).is_err(), "{text}");
        }
        let long = format!("<svg viewBox='0 0 1 1'><path d='{}'/></svg>", "M0 0".repeat(512));
        assert!(refusal(&long).ends_with("2048 are the most"));
    }

    proptest! {
        #[test]
        fn what_is_taken_is_taken_again_and_holds_nothing_but_shapes(
            parts in prop::collection::vec(prop::sample::select(&[
                "<svg viewBox='0 0 1 1'>", "</svg>", "<g fill='red'>", "</g>", "<path d=\"M0 0\"/>", "<script>", "onload='x'", "<", ">", "/", "'", "\"", " ", "é",
            ][..]), 0..12)
        ) {
            if let Ok(logo) = Logo::parse(&parts.concat()) {
                let svg = logo.as_svg().replace(" aria-hidden=\"true\"", "");
                prop_assert_eq!(Logo::parse(&svg), Ok(logo.clone()));
                prop_assert!(!svg.contains("script") && !svg.contains("onload") && svg.is_ascii());
            }
        }
    }
}

//! The language of templates: `{{name}}`, `{{#each items}} … {{else}} … {{/each}}`, `{{#if name}} … {{else}} … {{/if}}`, comments,
//! and nothing else. Handlebars reads and fills them, strictly; what else Handlebars can do is refused here, from its own
//! syntax tree, before anything is stored or sent.
//!
//! Inside `{{#each items}}` a name is a field of the item; `this` is the item, `../name` is outside of it, and `@index`,
//! `@first` and `@last` say where in the list it is. `{{#if …}}` takes any name; nothing, `false`, `0`, an empty text and an
//! empty list are false.

use handlebars::template::{HelperTemplate, Parameter, TemplateElement};
use handlebars::{
    BlockContext, Context, Handlebars, Helper, HelperDef, HelperResult, JsonTruthy, Output, Path, RenderContext, RenderError,
    RenderErrorReason, Renderable, Template,
};
use serde_json::Value;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Tags of one template. Handlebars counts lines from the beginning for each.
const MOST_TAGS: usize = 2_000;
/// Blocks inside blocks: the parser calls itself for each.
const MOST_DEPTH: usize = 8;
/// Parts that one rendering may fill, however its loops are nested.
const MOST_PARTS: usize = 100_000;
/// Many more than a text has.
const BACKSLASHES: &str = "\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\";
/// `a.b.c.d`
const MOST_SEGMENTS: usize = 4;
const MOST_NAME_BYTES: usize = 64;
/// What means something else already.
const RESERVED: [&str; 7] = ["if", "each", "else", "as", "true", "false", "null"];
/// What Handlebars would call instead of printing the variable of that name.
const FUNCTIONS: [&str; 15] = ["unless", "with", "lookup", "raw", "log", "eq", "ne", "gt", "gte", "lt", "lte", "and", "or", "not", "len"];
const TEMPLATE: &str = "template";

/// What is wrong with a template, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {reason}")]
pub struct Flaw {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// A sentence without its full stop.
    pub reason: String,
}

impl Flaw {
    fn new((line, column): (usize, usize), reason: impl Into<String>) -> Self {
        Self { line, column, reason: reason.into() }
    }

    fn at(source: &str, byte: usize, reason: impl Into<String>) -> Self {
        let before = source.get(..byte).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        Self::new((line, column), reason)
    }
}

/// A name that a template uses, from the outermost scope: `items.name` for `{{name}}` inside `{{#each items}}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// The whole name.
    pub path: String,
    /// Where.
    pub line: usize,
    /// Where.
    pub column: usize,
}

impl Use {
    /// The variable that it is, or is a part of.
    #[must_use]
    pub fn variable(&self) -> &str {
        self.path.split('.').next().unwrap_or_default()
    }
}

/// How values are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escape {
    /// As text of an HTML page.
    Html,
    /// As they are.
    Nothing,
}

#[cfg(test)]
thread_local! {
    /// How many templates this thread has read.
    pub(super) static READ: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// A template that is one of this language.
#[derive(Clone, Debug)]
pub struct Parsed {
    template: Template,
    /// Every name in it, in its order.
    pub uses: Vec<Use>,
}

impl Parsed {
    /// Reads a template.
    ///
    /// # Errors
    /// Where it is none, or more than this language has.
    pub fn of(source: &str) -> Result<Self, Flaw> {
        #[cfg(test)]
        READ.set(READ.get() + 1);
        scan(source)?;
        let template = Template::compile(source).map_err(|error| {
            // The parser stops somewhere inside of the tag that it can't read.
            let stopped = byte_at(source, error.pos().unwrap_or((1, 1)));
            let tag = source.get(..(stopped + 2).min(source.len())).and_then(|before| before.rfind("{{")).unwrap_or(stopped);
            Flaw::at(source, tag, in_words(&error.reason().to_string()))
        })?;
        let mut uses = Vec::new();
        walk(&template, &mut vec![String::new()], &mut uses)?;
        Ok(Self { template, uses })
    }

    /// The variables it uses, each once.
    #[must_use]
    pub fn variables(&self) -> BTreeSet<&str> {
        self.uses.iter().map(Use::variable).collect()
    }

    /// Fills it, up to so many bytes.
    ///
    /// # Errors
    /// For a name that has no value, a loop over what is no list, and for what gets too large.
    pub fn fill(&self, values: &Context, escape: Escape, most_bytes: usize) -> Result<String, Flaw> {
        let mut engine = Handlebars::new();
        for name in FUNCTIONS {
            engine.unregister_helper(name);
        }
        let parts = Arc::new(AtomicUsize::new(0));
        engine.register_helper("each", Box::new(Each(Parts(Arc::clone(&parts)))));
        engine.register_helper("if", Box::new(If(Parts(parts))));
        engine.set_strict_mode(true);
        match escape {
            Escape::Html => engine.register_escape_fn(handlebars::html_escape),
            Escape::Nothing => engine.register_escape_fn(handlebars::no_escape),
        }
        engine.register_template(TEMPLATE, self.template.clone());
        let mut page = Page { bytes: Vec::new(), most: most_bytes };
        let filled = engine.render_with_context_to_write(TEMPLATE, values, &mut page);
        filled.map_err(|error| Flaw::new((error.line_no.unwrap_or(1), error.column_no.unwrap_or(1)), why_not(&error)))?;
        String::from_utf8(page.bytes).map_err(|error| Flaw::new((1, 1), error.to_string()))
    }
}

/// Whether a template can name a variable so.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && name.len() <= MOST_NAME_BYTES
        && name != "this"
        && !RESERVED.contains(&name)
}

/// Looks at the tags alone. What the parser would go astray on is refused before it sees it: it calls itself for each
/// block inside a block, so that thousands of them would end the process.
fn scan(source: &str) -> Result<(), Flaw> {
    // For each of a run of them the parser looks along all the others.
    if let Some(run) = source.find(BACKSLASHES) {
        return Err(Flaw::at(source, run, "there are too many backslashes in a row"));
    }
    let (mut at, mut depth, mut tags) = (0, 0_usize, 0);
    while let Some(start) = source.get(at..).and_then(|rest| rest.find("{{")).map(|found| at + found) {
        let flaw = |reason: &str| Err(Flaw::at(source, start, reason));
        let rest = source.get(start + 2..).unwrap_or_default();
        tags += 1;
        if tags > MOST_TAGS {
            return flaw("there are more than 2000 tags");
        }
        if source.get(..start).is_some_and(|before| before.ends_with('\\')) {
            return flaw("a tag can't be escaped by a backslash");
        }
        if rest.starts_with('{') {
            return flaw("three braces would print a value without escaping it; write {{name}}");
        }
        if let Some(comment) = rest.strip_prefix('!') {
            let (inside, closed_by) = if comment.starts_with("--") { (comment.find("--}}"), 4) } else { (comment.find("}}"), 2) };
            let Some(end) = inside else { return flaw("this comment is not closed") };
            if comment.get(..end).is_some_and(|text| text.contains("{{")) {
                return flaw("a comment can't have a tag inside");
            }
            at = start + 3 + end + closed_by;
            continue;
        }
        let Some(end) = rest.find("}}") else { return flaw("this tag is not closed by }}") };
        let inside = rest.get(..end).unwrap_or_default();
        if inside.contains(['{', '}']) {
            return flaw("this tag has a brace inside");
        }
        let tag = inside.trim_matches('~').trim();
        if tag.is_empty() {
            return flaw("this tag is empty");
        }
        if tag.starts_with('#') {
            depth += 1;
            if depth > MOST_DEPTH {
                return flaw("there are more than 8 blocks inside each other");
            }
        } else if tag.starts_with('/') {
            let Some(out) = depth.checked_sub(1) else { return flaw("there is no block to close here") };
            depth = out;
        } else if tag.strip_prefix("else").is_some_and(|more| more.starts_with(char::is_whitespace))
            || tag.len() > 1 && tag.starts_with('^')
        {
            return flaw("{{else}} stands alone; put another {{#if …}} behind it");
        }
        at = start + 2 + end + 2;
    }
    if depth > 0 { Err(Flaw::at(source, source.len(), "a block is not closed by {{/if}} or {{/each}}")) } else { Ok(()) }
}

/// The scopes from the outermost on, each as the path of its items.
type Scopes = Vec<String>;

fn walk(template: &Template, scopes: &mut Scopes, uses: &mut Vec<Use>) -> Result<(), Flaw> {
    // What has no place would be passed over here.
    if template.elements.len() != template.mapping.len() {
        return Err(Flaw::new((1, 1), "this is no template of the language"));
    }
    for (element, place) in template.elements.iter().zip(&template.mapping) {
        let place = (place.0, place.1);
        match element {
            TemplateElement::RawString(_) | TemplateElement::Comment(_) => {}
            TemplateElement::Expression(tag) => {
                if !tag.params.is_empty() || !tag.hash.is_empty() || tag.block_param.is_some() {
                    return Err(Flaw::new(place, "only {{name}} prints something; there are no functions to call"));
                }
                let path = resolved(&tag.name, scopes, place)?;
                uses.extend(path.map(|path| Use { path, line: place.0, column: place.1 }));
            }
            TemplateElement::HelperBlock(block) => walk_block(block, scopes, uses, place)?,
            TemplateElement::HtmlExpression(_) => {
                return Err(Flaw::new(place, "this would print a value without escaping it; write {{name}}"));
            }
            TemplateElement::PartialExpression(_) | TemplateElement::PartialBlock(_) => {
                return Err(Flaw::new(place, "a template can't take in another one"));
            }
            // Decorators, and whatever a later Handlebars may think of.
            _ => return Err(Flaw::new(place, "this is no tag of the language")),
        }
    }
    Ok(())
}

fn walk_block(block: &HelperTemplate, scopes: &mut Scopes, uses: &mut Vec<Use>, place: (usize, usize)) -> Result<(), Flaw> {
    let flaw = |reason: &str| Err(Flaw::new(place, reason));
    let Some(name @ ("if" | "each")) = block.name.as_name() else {
        return flaw("the only blocks are {{#if name}} and {{#each name}}");
    };
    let ([asked], true, None) = (block.params.as_slice(), block.hash.is_empty(), &block.block_param) else {
        return flaw("a block takes one name and nothing else");
    };
    let path = resolved(asked, scopes, place)?;
    uses.extend(path.clone().map(|path| Use { path, line: place.0, column: place.1 }));
    match (name, path) {
        ("each", Some(path)) => {
            scopes.push(path);
            let inside = block.template.as_ref().map_or(Ok(()), |template| walk(template, scopes, uses));
            scopes.pop();
            inside?;
        }
        ("each", None) => return flaw("there is no list of that name"),
        _ => block.template.as_ref().map_or(Ok(()), |template| walk(template, scopes, uses))?,
    }
    block.inverse.as_ref().map_or(Ok(()), |template| walk(template, scopes, uses))
}

/// The whole name behind a name; nothing for a place in a list, which every list has.
fn resolved(name: &Parameter, scopes: &Scopes, place: (usize, usize)) -> Result<Option<String>, Flaw> {
    let flaw = |reason: String| Err(Flaw::new(place, reason));
    let written = match name {
        Parameter::Name(name) => name,
        Parameter::Path(Path::Relative((_, written)) | Path::Local((_, _, written))) => written,
        _ => return flaw("a tag takes a name".to_owned()),
    };
    if let Some(local) = written.strip_prefix('@') {
        return match (local, scopes.len()) {
            ("index" | "first" | "last", 2..) => Ok(None),
            _ => flaw(format!("there is no @{local} here")),
        };
    }
    let (mut rest, mut scope) = (written.as_str(), scopes.as_slice());
    while let Some(further) = rest.strip_prefix("../") {
        let [outer @ .., _] = scope else { return flaw(format!("{written} leads outside")) };
        (rest, scope) = (further, outer);
    }
    let Some(base) = scope.last() else { return flaw(format!("{written} leads outside")) };
    let own = match rest {
        "this" if base.is_empty() => return flaw("`this` is an item of a list, and here is none".to_owned()),
        "this" => return Ok(Some(base.clone())),
        name => name.strip_prefix("this.").unwrap_or(name),
    };
    let segments: Vec<&str> = own.split('.').collect();
    if segments.len() > MOST_SEGMENTS || !segments.iter().all(|segment| is_name(segment)) {
        return flaw(format!("`{written}` is no name; one is made of letters, digits and _"));
    }
    Ok(Some(if base.is_empty() { own.to_owned() } else { format!("{base}.{own}") }))
}

/// Where a line's column is.
fn byte_at(source: &str, (line, column): (usize, usize)) -> usize {
    let before: usize = source.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let within = source.get(before..).and_then(|rest| rest.char_indices().nth(column.saturating_sub(1))).map_or(0, |(byte, _)| byte);
    before + within
}

/// The parser speaks of its grammar's rules.
fn in_words(reason: &str) -> String {
    if reason.contains("expected") { "this is no tag of the language".to_owned() } else { reason.trim_end_matches('.').to_owned() }
}

fn why_not(error: &RenderError) -> String {
    match error.reason() {
        RenderErrorReason::MissingVariable(Some(name)) => format!("there is no value for {name}"),
        RenderErrorReason::MissingVariable(None) => "there is no value for a name".to_owned(),
        other => other.to_string(),
    }
}

/// How much of a rendering's allowance is spent.
#[derive(Clone)]
struct Parts(Arc<AtomicUsize>);

impl Parts {
    /// For one more filling of a block's inside.
    fn spend(&self, template: &Template) -> Result<(), RenderError> {
        let parts = template.elements.len() + 1;
        if self.0.fetch_add(parts, Ordering::Relaxed) + parts > MOST_PARTS {
            return Err(RenderErrorReason::Other("its loops go round too often".to_owned()).into());
        }
        Ok(())
    }
}

/// `{{#each}}` over a list, and nothing else.
struct Each(Parts);

impl HelperDef for Each {
    fn call<'reg: 'rc, 'rc>(
        &self,
        block: &Helper<'rc>,
        engine: &'reg Handlebars<'reg>,
        values: &'rc Context,
        state: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let list = block.param(0).ok_or(RenderErrorReason::ParamNotFoundForIndex("each", 0))?;
        let (Value::Array(items), Some(path)) = (list.value(), list.context_path()) else {
            return Err(if list.value().is_null() {
                RenderError::strict_error(list.relative_path())
            } else {
                RenderErrorReason::Other(format!("{} is no list", list.relative_path().map_or("it", String::as_str))).into()
            });
        };
        if items.is_empty() {
            let Some(otherwise) = block.inverse() else { return Ok(()) };
            self.0.spend(otherwise)?;
            return otherwise.render(engine, values, state, out);
        }
        let Some(inside) = block.template() else { return Ok(()) };
        state.push_block(BlockContext::new());
        for place in 0..items.len() {
            self.0.spend(inside)?;
            if let Some(scope) = state.block_mut() {
                scope.set_local_var("index", place.into());
                scope.set_local_var("first", (place == 0).into());
                scope.set_local_var("last", (place + 1 == items.len()).into());
                let own = scope.base_path_mut();
                own.clone_from(path);
                own.push(place.to_string());
            }
            inside.render(engine, values, state, out)?;
        }
        state.pop_block();
        Ok(())
    }
}

/// `{{#if}}`
struct If(Parts);

impl HelperDef for If {
    fn call<'reg: 'rc, 'rc>(
        &self,
        block: &Helper<'rc>,
        engine: &'reg Handlebars<'reg>,
        values: &'rc Context,
        state: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let asked = block.param(0).ok_or(RenderErrorReason::ParamNotFoundForIndex("if", 0))?;
        let chosen = if asked.value().is_truthy(false) { block.template() } else { block.inverse() };
        let Some(chosen) = chosen else { return Ok(()) };
        self.0.spend(chosen)?;
        chosen.render(engine, values, state, out)
    }
}

/// What is printed so far.
struct Page {
    bytes: Vec<u8>,
    most: usize,
}

impl Write for Page {
    fn write(&mut self, more: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + more.len() > self.most {
            return Err(io::Error::other(format!("it gets larger than {} KB", self.most / 1024)));
        }
        self.bytes.extend_from_slice(more);
        Ok(more.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const ENOUGH: usize = 100_000;

    fn filled(source: &str, values: Value) -> Result<String, Flaw> {
        Parsed::of(source)?.fill(&Context::from(values), Escape::Html, ENOUGH)
    }

    fn refused(source: &str) -> (usize, usize) {
        let flaw = Parsed::of(source).expect_err(source);
        (flaw.line, flaw.column)
    }

    #[test]
    fn names_lists_and_questions_are_filled_and_escaped() {
        let values = json!({ "who": "<Ana & co>", "items": [{ "name": "Robe", "sizes": ["S", "M"] }, { "name": "Sac", "sizes": [] }], "gift": true });
        let source = "{{who}}{{#each items}}{{@index}}{{#if @first}}:{{else}},{{/if}}{{name}}{{#each sizes}}[{{this}} {{../name}} {{../../who}}]{{else}}-{{/each}}{{/each}}{{#if gift}}!{{/if}}{{! done }}";
        let expected = "&lt;Ana &amp; co&gt;0:Robe[S Robe &lt;Ana &amp; co&gt;][M Robe &lt;Ana &amp; co&gt;]1,Sac-!";
        assert_eq!(filled(source, values).unwrap(), expected);
    }

    #[test]
    fn everything_else_of_handlebars_is_refused_where_it_stands() {
        let first = [
            "{{{a}}}",
            "{{&a}}",
            "{{~{a}~}}",
            "{{{{raw}}}}x{{{{/raw}}}}",
            "{{> page}}",
            "{{#> page}}x{{/page}}",
            "{{* inline}}",
            "{{#*inline \"a\"}}x{{/inline}}",
            "{{lookup a b}}",
            "{{log a}}",
            "{{#with a}}x{{/with}}",
            "{{#unless a}}x{{/unless}}",
            "{{#a}}x{{/a}}",
            "{{len a}}",
            "{{eq a b}}",
            "{{a b}}",
            "{{a b=1}}",
            "{{(len a)}}",
            "{{#if (len a)}}x{{/if}}",
            "{{#if 1}}x{{/if}}",
            "{{#each a as |b|}}x{{/each}}",
            "{{#if a b}}x{{/if}}",
            "{{#if a includeZero=true}}x{{/if}}",
            "{{this}}",
            "{{../a}}",
            "{{@root.a}}",
            "{{@index}}",
            "{{a.[0]}}",
            "{{[a b]}}",
            "{{a/b}}",
            "{{./a}}",
            "{{a.b.c.d.e}}",
            "{{if}}",
            "{{each}}",
            "{{é}}",
            "{{a-b}}",
            "{{}}",
            "{{ }}",
            "{{a",
            "{{!-- a }}",
            "{{! {{a}} }}",
            "{{a{b}}",
            "{{/if}}",
            "{{#each this}}x{{/each}}",
        ];
        for source in first {
            assert_eq!(refused(source), (1, 1), "{source}");
            assert_eq!(refused(&format!("a\nbé{source}")), (2, 3), "{source}");
        }
        assert_eq!(refused("\\{{a}}"), (1, 2));
        assert_eq!(refused("{{#if a}}x{{else if b}}y{{/if}}"), (1, 11));
        assert_eq!(refused("{{#if a}}x{{^if b}}y{{/if}}"), (1, 11));
        assert_eq!(refused("{{#each a}}{{../../b}}{{/each}}"), (1, 12));
        assert_eq!(refused("{{#if a}}\nx"), (2, 2));
        assert!(Parsed::of("{{#if a}}x{{/each}}").is_err());
        assert!(Parsed::of("{{#if a}}x{{else}}y{{else}}z{{/if}}").is_err());
    }

    #[test]
    fn a_name_without_a_value_is_an_error_where_it_stands_and_a_question_about_it_is_not() {
        let flaw = filled("a\n  {{nobody}}", json!({})).unwrap_err();
        assert_eq!((flaw.line, flaw.column, flaw.reason.as_str()), (2, 3, "there is no value for nobody"));
        assert!(filled("{{#each nobody}}x{{/each}}", json!({})).is_err());
        assert!(filled("{{#each a}}x{{/each}}", json!({ "a": "text" })).is_err());
        assert!(filled("{{#each a}}x{{/each}}", json!({ "a": { "b": 1 } })).is_err());
        assert!(filled("{{#each a}}{{b}}{{/each}}", json!({ "a": [{ "c": 1 }] })).is_err());
        assert_eq!(filled("{{#if nobody}}x{{else}}y{{/if}}", json!({})).unwrap(), "y");
    }

    #[test]
    fn a_variable_named_like_a_function_of_handlebars_is_a_variable() {
        for name in FUNCTIONS {
            assert_eq!(filled(&format!("{{{{{name}}}}}"), json!({ name: "x" })).unwrap(), "x", "{name}");
        }
    }

    #[test]
    fn every_name_is_known_with_its_place_in_the_values() {
        let parsed = Parsed::of("{{a}}\n{{#each items}}{{name}}{{this.size}}{{../b}}{{@index}}{{/each}}{{#if c}}{{d.e}}{{/if}}").unwrap();
        let uses: Vec<(&str, usize)> = parsed.uses.iter().map(|name| (name.path.as_str(), name.line)).collect();
        assert_eq!(uses, [("a", 1), ("items", 2), ("items.name", 2), ("items.size", 2), ("b", 2), ("c", 2), ("d.e", 2)]);
        assert_eq!(parsed.variables().into_iter().collect::<Vec<_>>(), ["a", "b", "c", "d", "items"]);
    }

    #[test]
    fn loops_end_and_pages_have_a_size() {
        let many = json!({ "a": vec![json!({}); 500] });
        for body in ["", "x"] {
            let nested = format!("{0}{body}{1}", "{{#each a}}{{#each ../a}}", "{{/each}}{{/each}}");
            assert!(filled(&nested, many.clone()).unwrap_err().reason.contains("too often"));
        }
        let wide = format!("{{{{#each a}}}}{}{{{{/each}}}}", "{{#if b}}{{/if}}".repeat(900));
        assert!(filled(&wide, many.clone()).is_err());
        assert!(
            filled("{{#each a}}{{../b}}{{/each}}", json!({ "a": vec![0; 500], "b": "x".repeat(1000) }))
                .unwrap_err()
                .reason
                .contains("larger")
        );
        for source in [
            "{{#if a}}".repeat(5_000),
            "{{a}}".repeat(5_000),
            "{{!a}}".repeat(5_000),
            "\\".repeat(50_000),
            format!("{}{}", "{{#if a}}".repeat(9), "{{/if}}".repeat(9)),
        ] {
            assert!(Parsed::of(&source).is_err());
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(\\PC|\\{\\{|\\}\\}|#if |#each |/if|else|\\.\\./|@|\n){0,60}") {
            if let Ok(parsed) = Parsed::of(&text) {
                let _ = parsed.fill(&Context::from(json!({ "a": [1, 2], "b": "x" })), Escape::Html, ENOUGH);
            }
        }
    }
}

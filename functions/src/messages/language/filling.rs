//! Filling of templates.

use super::{Escape, Flaw};
use handlebars::{
    BlockContext, Context, Handlebars, Helper, HelperDef, HelperResult, JsonTruthy, Output, RenderContext, RenderError, RenderErrorReason,
    Renderable, Template,
};
use serde_json::Value;
use std::io;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Parts that one rendering may fill, however its loops are nested.
const MOST_PARTS: usize = 100_000;
/// What Handlebars would call instead of printing the variable of that name.
pub(super) const FUNCTIONS: [&str; 15] =
    ["unless", "with", "lookup", "raw", "log", "eq", "ne", "gt", "gte", "lt", "lte", "and", "or", "not", "len"];

/// Strict: a name that has no value is an error.
static ENGINE: LazyLock<Handlebars<'static>> = LazyLock::new(|| {
    let mut engine = Handlebars::new();
    for name in FUNCTIONS {
        engine.unregister_helper(name);
    }
    engine.register_escape_fn(handlebars::html_escape);
    engine.set_strict_mode(true);
    engine
});

/// Fills a template, up to so many bytes.
///
/// # Errors
/// For a name that has no value, a loop over what is no list, and for what gets too large.
pub(super) fn fill(template: &Template, values: &Context, escape: Escape, most_bytes: usize) -> Result<String, Flaw> {
    let parts = AtomicUsize::new(0);
    let mut state = RenderContext::new(None);
    state.register_local_helper("each", Box::new(Each(Parts(&parts))));
    state.register_local_helper("if", Box::new(If(Parts(&parts))));
    state.set_disable_escape(escape == Escape::Nothing);
    let mut page = Page { text: String::new(), most_bytes };
    let filled = template.render(&ENGINE, values, &mut state, &mut page);
    filled.map_err(|error| Flaw::new((error.line_no.unwrap_or(1), error.column_no.unwrap_or(1)), why_not(&error)))?;
    Ok(page.text)
}

/// What is printed so far.
struct Page {
    text: String,
    most_bytes: usize,
}

impl Output for Page {
    fn write(&mut self, more: &str) -> io::Result<()> {
        if self.text.len() + more.len() > self.most_bytes {
            return Err(io::Error::other(format!("it gets larger than {} bytes", self.most_bytes)));
        }
        self.text.push_str(more);
        Ok(())
    }
}

fn why_not(error: &RenderError) -> String {
    match error.reason() {
        RenderErrorReason::MissingVariable(Some(name)) => format!("there is no value for {name}"),
        RenderErrorReason::MissingVariable(None) => "there is no value for a name".to_owned(),
        RenderErrorReason::IOError(error) => error.to_string(),
        other => other.to_string(),
    }
}

/// How much of a rendering's allowance is spent.
struct Parts<'a>(&'a AtomicUsize);

impl Parts<'_> {
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
struct Each<'a>(Parts<'a>);

impl HelperDef for Each<'_> {
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
struct If<'a>(Parts<'a>);

impl HelperDef for If<'_> {
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

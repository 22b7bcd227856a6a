//! The names that a template uses, found in its syntax tree, and the refusal of whatever else Handlebars has read there.

use super::{Flaw, Use, is_name};
use handlebars::Path;
use handlebars::template::{HelperTemplate, Parameter, Template, TemplateElement};

/// `a.b.c.d`
const MOST_SEGMENTS: usize = 4;

/// The scopes from the outermost on, each as the path of its items.
type Scopes = Vec<String>;

/// Every name of a template, in its order.
///
/// # Errors
/// For what isn't of the language, and for a name that leads nowhere.
pub(super) fn uses(template: &Template) -> Result<Vec<Use>, Flaw> {
    let mut uses = Vec::new();
    walk(template, &mut vec![String::new()], &mut uses)?;
    Ok(uses)
}

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
                uses.extend(path.map(|path| Use { path, looped: false, line: place.0, column: place.1 }));
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
    uses.extend(path.clone().map(|path| Use { path, looped: name == "each", line: place.0, column: place.1 }));
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

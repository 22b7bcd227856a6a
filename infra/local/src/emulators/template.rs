//! `CloudFormation`, as far as our own table and queue templates use it.
//!
//! `!Ref`, `!Sub` and `!GetAtt X.Arn` are resolved for the stage `local` of the project `shop`. Any other
//! intrinsic function is an error that names it and its place, so that a template that grows past this
//! reader can't be half understood.

use serde_json::{Map, Value as Json};
use serde_norway::{Mapping, Value as Yaml, value::TaggedValue};

/// What parameters and pseudo parameters are here, before their defaults in the template.
const VALUES: [(&str, &str); 5] =
    [("Project", "shop"), ("Stage", "local"), ("AWS::Region", "local"), ("AWS::AccountId", "000000000000"), ("AWS::Partition", "aws")];

/// Why a template can't be used here.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// It isn't YAML.
    #[error("the template is not YAML: {0}")]
    NotYaml(#[from] serde_norway::Error),
    /// Something is there that this reader doesn't know.
    #[error("{place}: {what} is not supported by the local emulators")]
    Unsupported {
        /// The resource and the property.
        place: String,
        /// What stands there.
        what: String,
    },
    /// A name leads nowhere.
    #[error("{place}: there is no {name} in the template, or it has no value here")]
    Unknown {
        /// The resource and the property.
        place: String,
        /// The parameter, resource or property that is missing.
        name: String,
    },
}

/// A template, with its intrinsic functions still in it.
pub(super) struct Template {
    parameters: Mapping,
    resources: Mapping,
}

/// One resource, resolved.
pub(super) struct Resource {
    pub id: String,
    pub properties: Map<String, Json>,
}

impl Template {
    pub fn parse(yaml: &str) -> Result<Self, TemplateError> {
        let mut root: Yaml = serde_norway::from_str(yaml)?;
        root.apply_merge()?;
        let mut section = |name: &str| match root.get_mut(name).map(std::mem::take) {
            Some(Yaml::Mapping(section)) => section,
            _ => Mapping::new(),
        };
        Ok(Self { parameters: section("Parameters"), resources: section("Resources") })
    }

    /// All resources of type `kind`, in the template's order. There may be others of the types `without_effect`,
    /// and of no further type.
    pub fn resources(&self, kind: &str, without_effect: &[&str]) -> Result<Vec<Resource>, TemplateError> {
        let mut resources = Vec::new();
        for (id, resource) in &self.resources {
            let id = id.as_str().unwrap_or_default().to_owned();
            match resource.get("Type").and_then(Yaml::as_str).unwrap_or("a resource without a type") {
                found if found == kind => {
                    let properties = match resource.get("Properties") {
                        Some(Yaml::Mapping(properties)) => self.resolve_mapping(&id, properties)?,
                        _ => Map::new(),
                    };
                    resources.push(Resource { id, properties });
                }
                found if without_effect.contains(&found) => {}
                found => return Err(unsupported(&id, found)),
            }
        }
        Ok(resources)
    }

    fn resolve(&self, place: &str, value: &Yaml) -> Result<Json, TemplateError> {
        match value {
            Yaml::Tagged(tagged) => self.resolve_function(place, tagged).map(Json::String),
            Yaml::Mapping(mapping) => self.resolve_mapping(place, mapping).map(Json::Object),
            Yaml::Sequence(elements) => {
                elements.iter().enumerate().map(|(index, element)| self.resolve(&format!("{place}.{index}"), element)).collect()
            }
            Yaml::String(text) => Ok(Json::String(text.clone())),
            Yaml::Bool(flag) => Ok(Json::Bool(*flag)),
            Yaml::Null => Ok(Json::Null),
            Yaml::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => Ok(number.into()),
                (None, Some(number)) => Ok(number.into()),
                (None, None) => Err(unsupported(place, &format!("the number {number}"))),
            },
        }
    }

    fn resolve_mapping(&self, place: &str, mapping: &Mapping) -> Result<Map<String, Json>, TemplateError> {
        let entry = |(key, value): (&Yaml, &Yaml)| match key.as_str() {
            Some(function) if function == "Ref" || function.starts_with("Fn::") => {
                Err(unsupported(place, &format!("the long form `{function}`")))
            }
            Some(key) => Ok((key.to_owned(), self.resolve(&format!("{place}.{key}"), value)?)),
            None => Err(unsupported(place, "a key that is not a string")),
        };
        mapping.iter().map(entry).collect()
    }

    fn resolve_function(&self, place: &str, tagged: &TaggedValue) -> Result<String, TemplateError> {
        let function = tagged.tag.to_string();
        match (function.as_str(), tagged.value.as_str()) {
            ("!Ref", Some(name)) => self.parameter(place, name),
            ("!GetAtt", Some(attribute)) => self.attribute(place, attribute),
            ("!Sub", Some(text)) => self.substitute(place, text),
            ("!Ref" | "!GetAtt" | "!Sub", None) => Err(unsupported(place, &format!("`{function}` of a list"))),
            _ => Err(unsupported(place, &format!("`{function}`"))),
        }
    }

    fn substitute(&self, place: &str, text: &str) -> Result<String, TemplateError> {
        let mut resolved = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}').ok_or_else(|| unsupported(place, "`${` without `}`"))?;
            resolved.push_str(before);
            if let Some(literal) = name.strip_prefix('!') {
                resolved.extend(["${", literal, "}"]);
            } else if name.contains('.') {
                resolved.push_str(&self.attribute(place, name)?);
            } else {
                resolved.push_str(&self.parameter(place, name)?);
            }
            rest = after;
        }
        Ok(resolved + rest)
    }

    fn parameter(&self, place: &str, name: &str) -> Result<String, TemplateError> {
        if let Some((_, value)) = VALUES.iter().find(|(known, _)| *known == name) {
            return Ok((*value).to_owned());
        }
        match self.parameters.get(name).and_then(|parameter| parameter.get("Default")) {
            Some(Yaml::String(default)) => Ok(default.clone()),
            Some(Yaml::Number(default)) => Ok(default.to_string()),
            _ => Err(TemplateError::Unknown { place: place.to_owned(), name: name.to_owned() }),
        }
    }

    /// `X.Arn`, where X is a queue or a table of this template.
    fn attribute(&self, place: &str, attribute: &str) -> Result<String, TemplateError> {
        let unknown = || TemplateError::Unknown { place: place.to_owned(), name: attribute.to_owned() };
        let (id, "Arn") = attribute.split_once('.').ok_or_else(unknown)? else {
            return Err(unsupported(place, &format!("`!GetAtt {attribute}`")));
        };
        let resource = self.resources.get(id).ok_or_else(unknown)?;
        let (service, name) = match resource.get("Type").and_then(Yaml::as_str) {
            Some("AWS::SQS::Queue") => ("sqs:local:000000000000:", "QueueName"),
            Some("AWS::DynamoDB::Table") => ("dynamodb:local:000000000000:table/", "TableName"),
            _ => return Err(unsupported(place, &format!("`!GetAtt {attribute}`"))),
        };
        let name = resource.get("Properties").and_then(|properties| properties.get(name)).ok_or_else(unknown)?;
        match self.resolve(place, name)? {
            Json::String(name) => Ok(format!("arn:aws:{service}{name}")),
            _ => Err(unknown()),
        }
    }
}

pub(super) fn unsupported(place: &str, what: &str) -> TemplateError {
    TemplateError::Unsupported { place: place.to_owned(), what: what.to_owned() }
}

#[cfg(test)]
mod tests;

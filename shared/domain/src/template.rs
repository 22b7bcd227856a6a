//! E-mail templates of the shop's own: the record, and the decisions that change it.
//!
//! A template belongs to a code and a language, and every change makes a version of it that is never changed again: who
//! wrote what, when, and whether it was in use. The versions are the audit trail, so there are no events beside them.
//!
//! Nothing here reads what a template says: that is `functions::messages::language`, where the engine is.

use crate::actor::Actor;
use crate::ids::{Ids, TemplateId};
use crate::message::Locale;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The largest HTML, in bytes.
pub const MAX_HTML_BYTES: usize = 100 * 1024;
/// The largest plain text, in bytes. Both together, written as JSON, fit an item of 400 KB.
pub const MAX_TEXT_BYTES: usize = 50 * 1024;
/// The most variables that a template may list.
pub const MAX_VARIABLES: usize = 100;

/// What a template is known by, such as `ORDER_CONFIRMATION`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TemplateCode(String);

impl TemplateCode {
    /// A code of letters, digits and `_`, a letter first, up to 64 of them; upper-cased.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        let code = code.to_ascii_uppercase();
        let is_code = code.starts_with(|first: char| first.is_ascii_uppercase())
            && code.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
        (is_code && code.len() <= 64).then_some(Self(code))
    }

    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for TemplateCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a version says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Wording {
    /// For staff.
    pub name: String,
    /// The subject.
    pub subject: String,
    /// The page.
    pub html: String,
    /// Its plain-text twin, where there is one.
    pub text: Option<String>,
    /// The variables it may use, where whoever wrote it has said so.
    pub declared: Option<Vec<String>>,
}

impl Wording {
    /// How many bytes it has.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.subject.len() + self.html.len() + self.text.as_deref().map_or(0, str::len)
    }
}

/// A template, as one of its versions has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Template {
    /// Its id.
    pub id: TemplateId,
    /// What it is known by.
    pub code: TemplateCode,
    /// Its language.
    pub locale: Locale,
    /// What it says.
    pub wording: Wording,
    /// Every name it uses, from the outermost scope on (`items.name`), each once.
    pub uses: Vec<String>,
    /// Whether it is in use; the built-in text is otherwise.
    pub is_active: bool,
    /// Grows with every change.
    pub version: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When this version was made.
    pub updated_at: Timestamp,
    /// By whom.
    pub updated_by: Actor,
}

/// Where a code's template of a language stands: what is read before each message, so it is small.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TemplateHead {
    /// Its id.
    pub id: TemplateId,
    /// What it is known by.
    pub code: TemplateCode,
    /// Its language.
    pub locale: Locale,
    /// Its newest version.
    pub version: u64,
    /// Whether it is in use.
    pub is_active: bool,
    /// How large its newest version is.
    pub bytes: usize,
}

/// A template that is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateRequest {
    /// What it is to be known by.
    pub code: TemplateCode,
    /// Its language.
    pub locale: Locale,
    /// What it says.
    pub wording: Wording,
}

/// What of a template is to change; what is nothing stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplateChange {
    /// For staff.
    pub name: Option<String>,
    /// The subject.
    pub subject: Option<String>,
    /// The page.
    pub html: Option<String>,
    /// Its plain-text twin, or none.
    pub text: Option<Option<String>>,
    /// The variables it may use, or whichever it does.
    pub declared: Option<Option<Vec<String>>>,
    /// Whether it is in use.
    pub is_active: Option<bool>,
}

/// Why a template is not made or changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// `DUPLICATE_CODE`
    #[error("There is a template {0} in {1} already; change that one.")]
    DuplicateCode(TemplateCode, Locale),
    /// `CODE_IMMUTABLE`
    #[error("A template's code and language don't change; make another template.")]
    CodeImmutable,
}

impl Template {
    /// The first version of a template; `there` is what its code and language have already.
    ///
    /// # Errors
    /// [`TemplateError::DuplicateCode`] when they have one, in use or not.
    pub fn create(
        request: TemplateRequest,
        uses: Vec<String>,
        there: Option<&TemplateHead>,
        actor: Actor,
        now: Timestamp,
        mut ids: Ids,
    ) -> Result<Self, TemplateError> {
        let TemplateRequest { code, locale, wording } = request;
        if there.is_some() {
            return Err(TemplateError::DuplicateCode(code, locale));
        }
        let id = TemplateId::draw(&mut ids);
        Ok(Self { id, code, locale, wording, uses, is_active: true, version: 1, created_at: now, updated_at: now, updated_by: actor })
    }

    /// What this template would say after a change.
    #[must_use]
    pub fn wording_after(&self, change: TemplateChange) -> Wording {
        let Wording { name, subject, html, text, declared } = self.wording.clone();
        Wording {
            name: change.name.unwrap_or(name),
            subject: change.subject.unwrap_or(subject),
            html: change.html.unwrap_or(html),
            text: change.text.unwrap_or(text),
            declared: change.declared.unwrap_or(declared),
        }
    }

    /// The next version.
    #[must_use]
    pub fn update(&self, wording: Wording, uses: Vec<String>, is_active: Option<bool>, actor: Actor, now: Timestamp) -> Self {
        let is_active = is_active.unwrap_or(self.is_active);
        Self { wording, uses, is_active, version: self.version + 1, updated_at: now, updated_by: actor, ..self.clone() }
    }

    /// The next version, out of use; nothing when it is already.
    #[must_use]
    pub fn deactivate(&self, actor: Actor, now: Timestamp) -> Option<Self> {
        self.is_active.then(|| self.update(self.wording.clone(), self.uses.clone(), Some(false), actor, now))
    }

    /// Where it stands with this version.
    #[must_use]
    pub fn head(&self) -> TemplateHead {
        TemplateHead {
            id: self.id,
            code: self.code.clone(),
            locale: self.locale,
            version: self.version,
            is_active: self.is_active,
            bytes: self.wording.bytes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actor::Role;
    use crate::ids::UserId;

    fn admin() -> Actor {
        Actor::Person { id: UserId::new(1).unwrap(), role: Role::Admin }
    }

    fn template() -> Template {
        let wording = Wording { name: "Welcome".into(), subject: "Hello".into(), html: "<p>".into(), text: None, declared: None };
        let request = TemplateRequest { code: TemplateCode::parse("welcome").unwrap(), locale: Locale::Fr, wording };
        Template::create(request, vec![], None, admin(), Timestamp(1), Ids::new(Timestamp(2_000_000_000_000), 7)).unwrap()
    }

    #[test]
    fn a_code_is_upper_cased_and_made_of_letters_digits_and_underscores() {
        assert_eq!(TemplateCode::parse("order_2").unwrap().as_str(), "ORDER_2");
        for wrong in ["", "2A", "_A", "A-B", "A B", "É", "A#B", &"A".repeat(65)] {
            assert_eq!(TemplateCode::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_code_has_one_template_a_language_in_use_or_not() {
        let first = template();
        let gone = first.deactivate(admin(), Timestamp(2)).unwrap();
        for there in [first.head(), gone.head()] {
            let request = TemplateRequest { code: first.code.clone(), locale: first.locale, wording: first.wording.clone() };
            let again = Template::create(request, vec![], Some(&there), admin(), Timestamp(3), Ids::new(Timestamp(2_000_000_000_000), 8));
            assert_eq!(again, Err(TemplateError::DuplicateCode(first.code.clone(), Locale::Fr)));
        }
    }

    #[test]
    fn every_change_is_a_version_and_what_is_not_changed_stays() {
        let first = template();
        let change = TemplateChange { subject: Some("Hi".into()), text: Some(Some("Hi".into())), ..TemplateChange::default() };
        let second = first.update(first.wording_after(change), vec!["a".into()], None, admin(), Timestamp(5));
        assert_eq!((second.version, second.wording.subject.as_str(), second.wording.html.as_str()), (2, "Hi", "<p>"));
        assert_eq!((second.created_at, second.updated_at, second.is_active), (Timestamp(1), Timestamp(5), true));
        let third = second.deactivate(admin(), Timestamp(6)).unwrap();
        assert_eq!((third.version, third.is_active, third.wording.clone()), (3, false, second.wording.clone()));
        assert_eq!(third.deactivate(admin(), Timestamp(7)), None);
    }
}

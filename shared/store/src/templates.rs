//! E-mail templates: a small head a code and language, and under the template's id every version of it.

use crate::commit::{Expression, Writes};
use crate::error::StorageError;
use crate::item::{Item, record};
use crate::keys::{self, BY_TIME, VERSION};
use crate::list::{Page, PageRequest};
use crate::{Store, Table};
use domain::ids::TemplateId;
use domain::message::Locale;
use domain::template::{Template, TemplateCode, TemplateHead};

/// What a list of templates is narrowed to.
#[derive(Clone, Copy, Debug, Default)]
pub struct TemplateFilter {
    /// In this language.
    pub locale: Option<Locale>,
    /// In use, or not.
    pub is_active: Option<bool>,
}

impl Store {
    /// Where a code's template of a language stands.
    pub async fn template_head(&self, code: &TemplateCode, locale: Locale) -> Result<Option<TemplateHead>, StorageError> {
        self.get(Table::Messages, &keys::template_head(code, locale)).await
    }

    /// One version of a template.
    pub async fn template_version(&self, id: TemplateId, version: u64) -> Result<Option<Template>, StorageError> {
        self.get(Table::Messages, &keys::template_version(id, version)).await
    }

    /// The newest version of a template.
    pub async fn template(&self, id: TemplateId) -> Result<Option<Template>, StorageError> {
        let (items, _) = self.collection(Table::Messages, &keys::template(id), VERSION, None, 1).await?;
        items.into_iter().next().map(record).transpose()
    }

    /// A page of a template's versions, the newest first; shorter than asked for where they are large.
    pub async fn template_versions(&self, id: TemplateId, page: PageRequest) -> Result<Page<Template>, StorageError> {
        let below = page.before.map(keys::version_sort);
        // A few at a time: each may be as large as a template may be.
        let limit = page.limit.min(10);
        let found = self.collection(Table::Messages, &keys::template(id), VERSION, below, limit).await?;
        let page = Page::of(found, |template: &Template| template.version)?;
        Ok(page.cut_short(|template| template.head().bytes, |template| template.version))
    }

    /// A page of the templates that a filter keeps, each in its newest version; shorter than asked for where they are large.
    pub async fn templates(&self, filter: TemplateFilter, page: PageRequest) -> Result<Page<Template>, StorageError> {
        let keeps = |head: &TemplateHead| {
            filter.locale.is_none_or(|locale| locale == head.locale) && filter.is_active.is_none_or(|active| active == head.is_active)
        };
        let heads = self.list(Table::Messages, BY_TIME, &keys::shards(keys::TEMPLATES), page, keeps).await?;
        let heads = heads.cut_short(|head| head.bytes, |head| head.id.get());
        let versions: Vec<_> = heads.items.iter().map(|head| (Table::Messages, keys::template_version(head.id, head.version))).collect();
        let mut found = self.batch_get(&versions).await?;
        let items = versions.iter().filter_map(|(_, key)| found.remove(key)).map(record).collect::<Result<Vec<_>, _>>()?;
        Ok(Page { items, next: heads.next })
    }
}

impl Writes {
    /// A template's next version, and where it stands with it; the first one on absence of both, a later one on the
    /// version before it.
    #[must_use]
    pub fn template(self, template: &Template) -> Self {
        let head = keys::template_head(&template.code, template.locale);
        let id = template.id.get();
        let item = Item::of(&head, &template.head()).map(|item| item.listed(id).under(BY_TIME, keys::shard(keys::TEMPLATES, id)));
        let version = keys::template_version(template.id, template.version);
        let whole = Item::of(&version, template);
        self.put(Table::Messages, head, item, Expression::onto(template.version)).put(Table::Messages, version, whole, Expression::absent())
    }
}

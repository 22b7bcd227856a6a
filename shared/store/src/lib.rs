//! The tables: keys, items, reads, and the one commit that writes decisions.
//!
//! Expressions, key strings and attribute names never leave this crate.

mod alone;
mod commit;
mod counter;
mod credit;
mod early;
mod error;
mod events;
mod idempotency;
mod inventory;
mod item;
mod keys;
mod lazy;
mod list;
mod messages;
mod meter;
mod orders;
mod pauses;
mod promotions;
mod read;
mod refunds;
mod returns;
mod sdk;
mod shipments;
mod suppressions;
mod templates;
mod waiting;

pub use commit::{CommitError, Writes};
pub use credit::Ledger;
pub use error::StorageError;
pub use events::{EVENT_TABLES, event_in, stock_log_in};
pub use idempotency::{AnswerKey, StoredAnswer};
pub use inventory::{Unmoved, VariantFilter};
pub use lazy::{Lazy, lazy};
pub use list::{Page, PageRequest};
pub use messages::{Briefing, Claimed, NotificationFilter, Question};
pub use meter::{Consumed, Meter};
pub use orders::{OrderBasis, OrderFilter};
pub use promotions::{CodeOfOrder, PromotionFilter};
pub use refunds::RefundFilter;
pub use returns::ReturnFilter;
pub use sdk::loggable;
pub use shipments::ShipmentFilter;
pub use templates::TemplateFilter;
pub use waiting::{Again, Listed, Waiting};

use aws_sdk_dynamodb::Client;
use std::sync::Arc;

/// A table of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Table {
    /// Orders, refunds, shipments and their events; payment references, tracking numbers, the names that providers know refunds by,
    /// number counters, what was told of payments before their orders, how far schedules have come.
    Orders,
    /// Returns, their number counters and their events.
    Returns,
    /// Promotions, the counts of their uses, and the audit trail of who changed them.
    Promotions,
    /// Variants, their stock and its log, whose a SKU is, and the audit trail of who changed the catalogue.
    Inventory,
    /// Templates, the notification log, the suppression list.
    Messages,
    /// Store-credit ledgers.
    Credit,
    /// Answers to keyed requests.
    Idempotency,
}

impl Table {
    /// Every table.
    pub const ALL: [Self; 7] =
        [Self::Orders, Self::Returns, Self::Promotions, Self::Inventory, Self::Messages, Self::Credit, Self::Idempotency];

    /// The environment variable that names it.
    #[must_use]
    pub const fn variable(self) -> &'static str {
        match self {
            Self::Orders => "ORDERS_TABLE",
            Self::Returns => "RETURNS_TABLE",
            Self::Promotions => "PROMOTIONS_TABLE",
            Self::Inventory => "INVENTORY_TABLE",
            Self::Messages => "MESSAGES_TABLE",
            Self::Credit => "CREDIT_TABLE",
            Self::Idempotency => "IDEMPOTENCY_TABLE",
        }
    }
}

/// The names of the tables a function uses; a table it doesn't use has none.
#[derive(Clone, Debug, Default)]
pub struct TableNames([Option<String>; Table::ALL.len()]);

impl TableNames {
    /// Asks `name_of` for each table's name.
    pub fn from_lookup(mut name_of: impl FnMut(&'static str) -> Option<String>) -> Self {
        Self(Table::ALL.map(|table| name_of(table.variable())))
    }

    /// A table's name.
    ///
    /// # Errors
    /// [`StorageError::Unconfigured`] when the function was not given it.
    pub fn get(&self, table: Table) -> Result<&str, StorageError> {
        self.0[table as usize].as_deref().ok_or(StorageError::Unconfigured(table.variable()))
    }
}

/// The tables. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {
    client: Lazy<Client>,
    tables: Arc<TableNames>,
    meter: Meter,
}

impl Store {
    /// The tables of these names, behind the client that `client` makes when the first of them is needed.
    #[must_use]
    pub fn new(client: impl FnOnce() -> Client + Send + 'static, tables: TableNames) -> Self {
        Self { client: lazy(client), tables: Arc::new(tables), meter: Meter::default() }
    }

    /// What was consumed through this store and its clones.
    #[must_use]
    pub const fn meter(&self) -> &Meter {
        &self.meter
    }
}

//! Who does something.

use crate::ids::UserId;
use crate::words::words;
use serde::{Deserialize, Serialize};

words! {
    /// The role in a caller's token.
    pub enum Role {
        /// A customer of the shop; reaches only what is theirs.
        Customer = "CUSTOMER",
        /// Sells in the store.
        SalesStaff = "SALES_STAFF",
        /// Keeps the stock and the catalogue.
        InventoryManager = "INVENTORY_MANAGER",
        /// Any other staff.
        Staff = "STAFF",
        /// May do everything.
        Admin = "ADMIN",
    }
}

impl Role {
    /// "Staff" in the contract: every role but the customer's.
    #[must_use]
    pub const fn is_staff(self) -> bool {
        !matches!(self, Self::Customer)
    }

    /// Whether the role may change the catalogue and the stock.
    #[must_use]
    pub const fn keeps_inventory(self) -> bool {
        matches!(self, Self::Admin | Self::InventoryManager)
    }
}

/// Whoever caused a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Actor {
    /// The system itself: a worker or a schedule.
    System,
    /// Somebody with a token.
    Person {
        /// The token's `id`.
        id: UserId,
        /// The token's `role`.
        role: Role,
    },
}

impl Actor {
    /// The person's id; the system has none.
    #[must_use]
    pub const fn id(self) -> Option<UserId> {
        match self {
            Self::System => None,
            Self::Person { id, .. } => Some(id),
        }
    }

    /// The person's role; the system has none.
    #[must_use]
    pub const fn role(self) -> Option<Role> {
        match self {
            Self::System => None,
            Self::Person { role, .. } => Some(role),
        }
    }

    /// Whether staff, or the system on their behalf, is at work.
    #[must_use]
    pub const fn is_staff(self) -> bool {
        match self {
            Self::System => true,
            Self::Person { role, .. } => role.is_staff(),
        }
    }
}

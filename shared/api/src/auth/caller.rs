//! The extractors that no handler can forget: who is calling, and whether their role may.

use super::token::TokenError;
use crate::problem::Problem;
use crate::shop::Shop;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use domain::actor::{Actor, Role};
use domain::ids::{CustomerId, UserId};
use std::sync::{Arc, OnceLock};

/// Whoever holds the request's token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The `id` claim.
    pub id: UserId,
    /// The `role` claim.
    pub role: Role,
}

impl Caller {
    /// The caller as the cause of a change.
    #[must_use]
    pub const fn actor(&self) -> Actor {
        Actor::Person { id: self.id, role: self.role }
    }

    /// Whether the caller is staff.
    #[must_use]
    pub const fn is_staff(&self) -> bool {
        self.role.is_staff()
    }

    /// The customer the caller is; nothing for staff.
    #[must_use]
    pub fn customer(&self) -> Option<CustomerId> {
        if self.is_staff() { None } else { CustomerId::new(self.id.get()) }
    }

    /// Lets everybody to what is theirs, and staff to everything.
    ///
    /// # Errors
    /// `FORBIDDEN` when the caller is a customer and the record is another's.
    pub fn may_reach(&self, owner: CustomerId) -> Result<(), Problem> {
        match self.customer() {
            Some(customer) if customer != owner => Err(Problem::forbidden("This belongs to another customer.")),
            _ => Ok(()),
        }
    }

    /// The space of the caller's idempotency keys.
    #[must_use]
    pub fn key_space(&self) -> String {
        format!("{}:{}", if self.is_staff() { "staff" } else { "customer" }, self.id)
    }
}

impl FromRequestParts<Shop> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shop: &Shop) -> Result<Self, Problem> {
        let header = parts.headers.get(axum::http::header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = header.and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
        });
        let token = token.ok_or_else(|| Problem::unauthorized("A bearer token is needed."))?;
        let verifier = shop.verifier().ok_or_else(|| Problem::internal("this function verifies no tokens"))?;
        match verifier.verify(token).await {
            Ok((caller, address)) => {
                parts.extensions.insert(OwnAddress(address));
                // For the idempotency key, which is the caller's, and for the request's log line.
                parts.extensions.insert(caller);
                if let Some(slot) = parts.extensions.get::<CallerSlot>() {
                    slot.set(caller);
                }
                Ok(caller)
            }
            Err(TokenError::Refused) => Err(Problem::unauthorized("The token is not valid.")),
            Err(error @ (TokenError::Keys(_) | TokenError::Secret(_))) => Err(Problem::unavailable(error)),
            Err(error @ TokenError::Guessable(_)) => Err(Problem::internal(error)),
        }
    }
}

/// The caller's own e-mail address, where their token says it.
#[derive(Clone, Debug)]
pub struct OwnAddress(pub Option<String>);

impl FromRequestParts<Shop> for OwnAddress {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shop: &Shop) -> Result<Self, Problem> {
        let _caller = Caller::from_request_parts(parts, shop).await?;
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or(Self(None)))
    }
}

/// Where the extractor leaves the caller for the request's log line.
#[derive(Clone, Default)]
pub(crate) struct CallerSlot(Arc<OnceLock<Caller>>);

impl CallerSlot {
    fn set(&self, caller: Caller) {
        // Two extractors of one request find the same caller.
        let _same = self.0.set(caller);
    }

    pub(crate) fn get(&self) -> Option<&Caller> {
        self.0.get()
    }
}

macro_rules! only {
    ($($(#[$doc:meta])* $name:ident: $allowed:expr, $who:literal;)+) => { $(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name(pub Caller);

        impl FromRequestParts<Shop> for $name {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, shop: &Shop) -> Result<Self, Problem> {
                let caller = Caller::from_request_parts(parts, shop).await?;
                let allowed: fn(Role) -> bool = $allowed;
                if allowed(caller.role) { Ok(Self(caller)) } else { Err(Problem::forbidden($who)) }
            }
        }
    )+ };
}

only! {
    /// A caller who is staff.
    Staff: Role::is_staff, "Only staff can do this.";
    /// A caller who is an admin.
    Admin: |role| role == Role::Admin, "Only an admin can do this.";
    /// A caller who keeps the inventory.
    InventoryKeeper: Role::keeps_inventory, "Only an admin or an inventory manager can do this.";
}

//! Store-credit ledgers.

use crate::commit::{Expression, Writes};
use crate::error::StorageError;
use crate::item::{Attributes, Item, number, record};
use crate::keys::{self, Key};
use crate::list::{Page, PageRequest};
use crate::{Store, Table};
use domain::credit::{Balance, CreditEntry, CreditRedemption};
use domain::ids::CustomerId;
use domain::money::{Currency, Money};
use serde::{Deserialize, Serialize};

/// What a customer has, and how it came to be.
#[derive(Clone, Debug)]
pub struct Ledger {
    /// A balance for each currency they ever had credit in.
    pub balances: Vec<Money>,
    /// The entries, newest first; one of a refund counts from when that was opened, however late it was credited.
    pub entries: Page<CreditEntry>,
}

#[derive(Serialize, Deserialize)]
struct BalanceRecord {
    minor: i64,
    version: u64,
}

/// A customer has a balance a currency; no customer has more.
const CURRENCIES: usize = 200;

impl Store {
    /// A customer's balances and a page of their entries.
    pub async fn ledger(&self, customer: CustomerId, page: PageRequest) -> Result<Ledger, StorageError> {
        let pk = keys::ledger(customer);
        let below = page.before.map(keys::entry_sort);
        let (balances, entries) = tokio::join!(
            self.collection(Table::Credit, &pk, keys::BALANCE, None, CURRENCIES),
            self.collection(Table::Credit, &pk, keys::ENTRY, below, page.limit),
        );
        let mut balances = balances?.0.into_iter().map(balance).collect::<Result<Vec<_>, _>>()?;
        balances.sort_by_key(|balance| balance.currency);
        Ok(Ledger { balances, entries: Page::of(entries?, |entry: &CreditEntry| entry.id.get())? })
    }

    /// What a customer has in a currency.
    pub async fn balance(&self, customer: CustomerId, currency: Currency) -> Result<Balance, StorageError> {
        let found: Option<BalanceRecord> = self.get(Table::Credit, &keys::balance(customer, currency)).await?;
        Ok(found.map_or(Balance::empty(currency), |found| Balance { money: Money::new(found.minor, currency), version: found.version }))
    }
}

fn balance(item: Attributes) -> Result<Money, StorageError> {
    let currency = Key::of(&item).and_then(|key| Currency::parse(key.sk.strip_prefix(keys::BALANCE)?));
    let currency = currency.ok_or_else(|| StorageError::Item("a balance without a currency".to_owned()))?;
    Ok(Money::new(record::<BalanceRecord>(item)?.minor, currency))
}

impl Writes {
    /// Adds an entry of a refund, once.
    pub(crate) fn credit(self, entry: &CreditEntry) -> Self {
        self.move_balance(entry, entry.amount.minor, None).insert_entry(entry)
    }

    fn insert_entry(self, entry: &CreditEntry) -> Self {
        let key = keys::credit_entry(entry.customer_id, entry.id);
        let item = Item::of(&key, entry);
        self.put(Table::Credit, key, item, Expression::absent())
    }

    fn move_balance(self, entry: &CreditEntry, minor: i64, condition: Option<Expression>) -> Self {
        let update = Expression::new("ADD #minor :minor, #version :one")
            .name("#minor", "minor")
            .name("#version", "version")
            .value(":minor", number(minor))
            .value(":one", number(1));
        self.update(Table::Credit, keys::balance(entry.customer_id, entry.amount.currency), Ok(update), condition)
    }
}

impl From<&CreditRedemption> for Writes {
    fn from(redemption: &CreditRedemption) -> Self {
        let entry = &redemption.entry;
        let decided_on = Expression::version(redemption.decided_on);
        let writes = Self::new().move_balance(entry, -entry.amount.minor, Some(decided_on)).insert_entry(entry);
        match &redemption.spent {
            Some(spent) => writes.replace_order(&spent.order).append(&spent.events),
            None => writes,
        }
    }
}

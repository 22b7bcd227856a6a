//! What a promotion takes off, and that its uses never pass its limit however reads and writes fall between each other.

use super::uses::{Expected, GiveBack, HeldUse, Offer, Redemption, Release, ShardChange};
use super::*;
use crate::actor::Actor;
use crate::ids::{CustomerId, Ids, OrderId};
use crate::money::Decimal;
use proptest::prelude::*;

const NOW: Timestamp = Timestamp(1_795_000_000_000);

fn ids() -> Ids {
    Ids::new(NOW, 0)
}

fn terms(benefit: Benefit) -> Terms {
    Terms {
        name: "Soldes".to_owned(),
        description: None,
        benefit,
        min_order_value: None,
        max_discount: None,
        usage_limit: None,
        per_user_limit: None,
        start: Timestamp(NOW.0 - 1_000),
        end: Timestamp(NOW.0 + 1_000),
        currency: Currency::USD,
    }
}

fn made(terms: Terms) -> PromotionChange {
    let new = NewPromotion { code: PromotionCode::parse("save20").unwrap(), terms, is_active: true };
    Promotion::create(new, Actor::System, NOW, ids())
}

fn basket(subtotal: i64, fee: i64) -> Basket {
    Basket { subtotal: Money::usd(subtotal), delivery_fee: Money::usd(fee) }
}

fn percent(number: &str) -> Benefit {
    Benefit::of(PromotionType::Percentage, Some(&Decimal::new(number)), Currency::USD).unwrap()
}

#[test]
fn a_code_is_what_somebody_meant_to_type() {
    assert_eq!(PromotionCode::parse("  save20\n").unwrap().as_str(), "SAVE20");
    assert_eq!(PromotionCode::parse("été-2026_v.2").unwrap().as_str(), "ÉTÉ-2026_V.2");
    for nothing in ["", "  ", "SAVE 20", "A#SHARD#1", "A/B", "\0", "👗", &"X".repeat(51)] {
        assert_eq!(PromotionCode::parse(nothing), None, "{nothing}");
    }
}

#[test]
fn a_percentage_is_rounded_half_even_to_the_cent() {
    let off = |number: &str, cents: i64| terms(percent(number)).discount(&basket(cents, 0)).minor;
    // 0.5, 1.5, 2.5 and 3.5 cents.
    assert_eq!([off("10", 5), off("10", 15), off("10", 25), off("10", 35)], [0, 2, 2, 4]);
    assert_eq!((off("33.33", 100_00), off("12.5", 99_99), off("0.01", 100_00)), (33_33, 12_50, 1));
    assert_eq!((off("100", 99_99), off("100", crate::money::MAX_MINOR)), (99_99, crate::money::MAX_MINOR));
    assert_eq!(["20", "12.50", "12.5", "0.05", "100.00"].map(|number| percent(number).value()), ["20", "12.5", "12.5", "0.05", "100"]);
    for number in ["0", "-1", "100.01", "12.345", "1e3", "1e99"] {
        assert_eq!(Percent::parse(number), None, "{number}");
    }
}

#[test]
fn a_discount_is_capped_and_never_more_than_there_is() {
    let fixed = Benefit::FixedAmount(Money::usd(500_00));
    assert_eq!(terms(fixed).discount(&basket(300_00, 5_00)), Money::usd(300_00));
    let free = Benefit::FreeShipping(Money::usd(0));
    assert_eq!(terms(free).discount(&basket(300_00, 5_00)), Money::usd(5_00));
    for (benefit, expected) in [(fixed, 2_00), (percent("50"), 2_00), (free, 2_00)] {
        let capped = Terms { max_discount: Some(Money::usd(2_00)), ..terms(benefit) };
        assert_eq!(capped.discount(&basket(300_00, 5_00)), Money::usd(expected), "{benefit:?}");
    }
}

#[test]
fn every_reason_against_a_code_is_told_in_the_contracts_order() {
    let whole = Terms { min_order_value: Some(Money::usd(50_00)), per_user_limit: Some(1), ..terms(percent("10")) };
    let mut promotion = Promotion { sold_out: true, is_active: false, ..made(whole).promotion };
    let cdf = Currency::parse("CDF").unwrap();
    let foreign = Basket { subtotal: Money::zero(cdf), delivery_fee: Money::zero(cdf) };
    let ask = |promotion: &Promotion, basket: &Basket, now| promotion.discount(basket, 1, now).unwrap_err();
    let code = || promotion.code.clone();
    assert_eq!(ask(&promotion, &foreign, NOW), NotRedeemable::Inactive(code()));
    promotion.is_active = true;
    assert_eq!(ask(&promotion, &foreign, Timestamp(NOW.0 - 1_001)), NotRedeemable::NotStarted(code()));
    assert_eq!(ask(&promotion, &foreign, Timestamp(NOW.0 + 1_001)), NotRedeemable::Expired(code()));
    for edge in [NOW.0 - 1_000, NOW.0 + 1_000] {
        assert!(matches!(ask(&promotion, &foreign, Timestamp(edge)), NotRedeemable::CurrencyMismatch { .. }));
    }
    assert!(matches!(ask(&promotion, &basket(49_99, 10_00), NOW), NotRedeemable::MinOrderNotMet { .. }));
    assert_eq!(ask(&promotion, &basket(50_00, 0), NOW), NotRedeemable::UsageLimitReached(code()));
    promotion.sold_out = false;
    assert_eq!(ask(&promotion, &basket(50_00, 0), NOW), NotRedeemable::UserLimitReached(code()));
    assert_eq!(promotion.discount(&basket(50_00, 0), 0, NOW), Ok(Money::usd(5_00)));
}

#[test]
fn a_change_is_held_against_what_the_promotion_has() {
    let promotion = made(Terms { max_discount: Some(Money::usd(9_00)), ..terms(percent("10")) }).promotion;
    let number = |text: &str| Some(Some(Decimal::new(text)));
    let change = |patch| match promotion.update(patch, &[], Actor::System, NOW, ids()) {
        Ok(change) => Ok(change.promotion.terms),
        Err(UpdateError::Terms(wrong)) => Err(wrong),
        Err(error @ UpdateError::CodeImmutable(_)) => panic!("{error}"),
    };
    let patch = PromotionPatch::default;
    assert_eq!(change(PromotionPatch { value: number("150"), ..patch() }), Err(vec![WrongTerm::Percentage]));
    assert_eq!(change(PromotionPatch { kind: Some(PromotionType::FixedAmount), ..patch() }), Err(vec![WrongTerm::ValueMissing]));
    let fixed = PromotionPatch { kind: Some(PromotionType::FixedAmount), value: number("150"), ..patch() };
    assert_eq!(change(fixed).unwrap().benefit, Benefit::FixedAmount(Money::usd(150_00)));
    let free = PromotionPatch { kind: Some(PromotionType::FreeShipping), ..patch() };
    assert_eq!(change(free).unwrap().benefit.kind(), PromotionType::FreeShipping);
    // Ten percent are ten percent in any currency; a cap is not.
    let cdf = PromotionPatch { currency: Currency::parse("CDF"), ..patch() };
    assert_eq!(change(cdf.clone()), Err(vec![WrongTerm::OtherCurrency { field: "maxDiscount" }]));
    let capped = change(PromotionPatch { max_discount: number("20000"), ..cdf.clone() }).unwrap();
    assert_eq!((capped.max_discount.unwrap().to_string().as_str(), capped.benefit), ("20000.00 CDF", percent("10")));
    assert_eq!(change(PromotionPatch { max_discount: Some(None), ..cdf }).unwrap().max_discount, None);
    let wrong = PromotionPatch { value: number("0"), max_discount: number("0"), end: Some(Timestamp(1)), ..patch() };
    assert_eq!(change(wrong), Err(vec![WrongTerm::Percentage, WrongTerm::NoDiscount, WrongTerm::DateRange]));
    let over_before_it_began = PromotionPatch { end: Some(promotion.terms.start), ..patch() };
    assert_eq!(change(over_before_it_began), Err(vec![WrongTerm::DateRange]));
    // The least that is nothing is no mistake.
    assert_eq!(change(PromotionPatch { min_order_value: number("0"), ..patch() }).unwrap().min_order_value, Some(Money::usd(0)));
    let other = PromotionPatch { code: PromotionCode::parse("OTHER"), ..patch() };
    assert_eq!(promotion.update(other, &[], Actor::System, NOW, ids()).err(), Some(UpdateError::CodeImmutable(promotion.code.clone())));
}

#[test]
fn an_amount_is_never_taken_for_so_much_of_another_currency() {
    let cdf = PromotionPatch { currency: Currency::parse("CDF"), ..PromotionPatch::default() };
    let renamed = PromotionPatch { name: Some("Autumn".to_owned()), ..PromotionPatch::default() };
    let twenty = Some(Money::usd(20_00));
    let fixed = Terms { min_order_value: twenty, max_discount: twenty, ..terms(Benefit::FixedAmount(Money::usd(20_00))) };
    let update = |terms: &Terms, patch: &PromotionPatch| {
        let change = made(terms.clone()).promotion.update(patch.clone(), &[], Actor::System, NOW, ids());
        change.map(|change| change.promotion.terms)
    };
    let missing = ["value", "minOrderValue", "maxDiscount"].map(|field| WrongTerm::OtherCurrency { field });
    assert_eq!(update(&fixed, &cdf), Err(UpdateError::Terms(missing.to_vec())));
    assert_eq!(update(&fixed, &renamed), Ok(Terms { name: "Autumn".to_owned(), ..fixed }));

    // What the value of a free delivery was given as says nothing, so that it needn't be said again.
    let free = terms(Benefit::FreeShipping(Money::usd(5_00)));
    assert_eq!(update(&free, &renamed).unwrap().benefit, free.benefit);
    let moved = update(&free, &cdf).unwrap();
    assert_eq!(moved.benefit, Benefit::FreeShipping(Money::zero(moved.currency)));
}

/// A table of one promotion: what it holds, with the conditions that `store` puts on its writes.
struct Shelf {
    promotion: Promotion,
    left: Vec<i64>,
    held: Vec<HeldUse>,
}

/// Somebody between reading and writing: the promotion and the shards were read at different times, and are old by now.
struct Reader {
    what: What,
    promotion: Promotion,
    left: Option<Vec<i64>>,
}

#[derive(Clone, Debug)]
enum What {
    /// Places an order; whether all shards are read or the first alone.
    Redeem { all: bool, order: u64 },
    /// Cancels one; whether the promotion is looked at.
    Release { which: usize, looks: bool },
    /// Changes the limit.
    Limit(Option<u32>),
}

#[derive(Clone, Debug)]
enum Move {
    Begin(usize, What),
    ReadShards(usize),
    Write(usize),
}

impl Shelf {
    fn new(limit: Option<u32>) -> Self {
        let change = made(Terms { usage_limit: limit, ..terms(percent("10")) });
        let mut shelf = Self { promotion: change.promotion, left: Vec::new(), held: Vec::new() };
        assert!(shelf.moves(&change.shards));
        shelf
    }

    /// All of these, or none.
    fn moves(&mut self, changes: &[ShardChange]) -> bool {
        let holds = changes.iter().all(|change| {
            let left = self.left.get(usize::from(change.shard));
            match change.expected {
                Expected::Absent => left.is_none(),
                Expected::Present => left.is_some(),
                Expected::AtLeast(least) => left.is_some_and(|left| *left >= least),
                Expected::Exactly(exactly) => left == Some(&exactly),
            }
        });
        for change in changes.iter().filter(|_| holds) {
            match self.left.get_mut(usize::from(change.shard)) {
                Some(left) => *left += change.by,
                None => self.left.push(change.by),
            }
        }
        holds
    }

    fn redeem(&mut self, redemption: Redemption) {
        let same_layout = redemption.sells_out.is_none_or(|shards| shards == self.promotion.shards);
        if same_layout && self.moves(&redemption.shards) {
            self.promotion.sold_out |= redemption.sells_out.is_some();
            self.held.push(HeldUse { code: redemption.code, shard: redemption.shard });
        }
    }

    fn release(&mut self, which: usize, knowing: Option<&Promotion>) {
        let Some(at) = which.checked_rem(self.held.len()) else { return };
        let one = OrderId::new(1).unwrap();
        let release =
            Release { held: self.held[at].clone(), order_id: one, customer_id: CustomerId::new(1).unwrap(), to: GiveBack::ToShard };
        match knowing.map_or(release.clone(), |promotion| release.knowing(promotion)).to {
            GiveBack::ToShard if self.promotion.overdrawn == 0 => {
                self.left[usize::from(self.held.remove(at).shard)] += 1;
                self.promotion.sold_out = false;
            }
            GiveBack::OffOverdraft if self.promotion.overdrawn > 0 => {
                self.held.remove(at);
                self.promotion.overdrawn -= 1;
            }
            // Read again, decide again.
            GiveBack::ToShard | GiveBack::OffOverdraft => {}
        }
    }

    fn write(&mut self, reader: Reader) {
        let left = reader.left.unwrap_or_else(|| self.left.clone());
        match reader.what {
            What::Redeem { all, order } => {
                let left = if all { left } else { left[..1].to_vec() };
                let offer = Offer { promotion: reader.promotion, used_by_customer: 0, left };
                if let Ok(discount) = offer.discount(&basket(10_00, 0), NOW) {
                    let redemption = offer.redeem(OrderId::new(order).unwrap(), CustomerId::new(1).unwrap(), discount, NOW);
                    let (used, limit) = (self.held.len(), self.promotion.terms.usage_limit);
                    self.redeem(redemption.expect("an offer with a discount has a use"));
                    let is_within = limit.is_none_or(|limit| self.held.len() <= limit as usize);
                    assert!(is_within || self.held.len() == used, "the limit of {limit:?} is passed");
                }
            }
            What::Release { which, looks } => self.release(which, looks.then_some(&reader.promotion)),
            What::Limit(limit) => {
                let read = reader.promotion;
                let patch = PromotionPatch { usage_limit: Some(limit), ..PromotionPatch::default() };
                let Ok(change) = read.update(patch, &left, Actor::System, NOW, ids()) else { panic!("a limit is no wrong term") };
                let seen = |promotion: &Promotion| (promotion.version, promotion.sold_out, promotion.overdrawn);
                if seen(&read) == seen(&self.promotion) && self.moves(&change.shards) {
                    self.promotion = change.promotion;
                }
            }
        }
    }

    /// Somebody who reads everything now and writes later.
    fn reader(&self, what: What) -> Reader {
        Reader { what, promotion: self.promotion.clone(), left: Some(self.left.clone()) }
    }

    fn at_once(&mut self, what: What) {
        self.write(self.reader(what));
    }

    fn order(&mut self, order: u64) {
        self.at_once(What::Redeem { all: true, order });
    }

    fn is_consistent(&self) -> Result<(), TestCaseError> {
        let left: i64 = self.left.iter().sum();
        prop_assert!(self.left.iter().all(|left| *left >= 0), "{:?}", self.left);
        prop_assert_eq!(self.promotion.used(&self.left), i64::try_from(self.held.len()).unwrap());
        prop_assert_eq!(self.promotion.sold_out, left == 0, "{:?}", self.left);
        prop_assert!(self.promotion.overdrawn == 0 || left == 0 && self.promotion.overdrawn > 0);
        prop_assert_eq!(self.left.len(), usize::from(self.promotion.shards));
        Ok(())
    }
}

fn limits() -> impl Strategy<Value = Option<u32>> {
    prop_oneof![8 => (1..8_u32).prop_map(Some), 3 => (1_001..1_040_u32).prop_map(Some), 1 => Just(None)]
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let what = prop_oneof![
        6 => (any::<bool>(), 1..10_000_u64).prop_map(|(all, order)| What::Redeem { all, order }),
        3 => (0..100_usize, any::<bool>()).prop_map(|(which, looks)| What::Release { which, looks }),
        3 => limits().prop_map(What::Limit),
    ];
    let step = prop_oneof![
        3 => (0..4_usize, what).prop_map(|(who, what)| Move::Begin(who, what)),
        1 => (0..4_usize).prop_map(Move::ReadShards),
        3 => (0..4_usize).prop_map(Move::Write),
    ];
    prop::collection::vec(step, 0..150)
}

#[test]
fn a_limit_is_not_lowered_by_uses_that_were_taken_meanwhile() {
    let mut shelf = Shelf::new(Some(5));
    let admin = shelf.reader(What::Limit(Some(2)));
    (1..=2).for_each(|order| shelf.order(order));
    shelf.write(admin);
    assert_eq!(shelf.promotion.terms.usage_limit, Some(5), "the admin's write would leave nothing and call it something");
    shelf.at_once(What::Limit(Some(2)));
    assert_eq!((&shelf.left[..], shelf.promotion.sold_out), (&[0][..], true));
    shelf.is_consistent().unwrap();
}

#[test]
fn the_use_that_a_lowered_limit_leaves_is_not_taken_meanwhile() {
    let mut shelf = Shelf::new(Some(1_001));
    shelf.at_once(What::Limit(Some(2)));
    assert_eq!((shelf.left.len(), &shelf.left[..3]), (32, &[1, 1, 0][..]));
    let admin = shelf.reader(What::Limit(Some(1)));
    (1..=2).for_each(|order| shelf.order(order));
    // The first that was taken comes back, so that the other shard has none any more.
    shelf.at_once(What::Release { which: 0, looks: false });
    assert_eq!(&shelf.left[..2], [0, 1]);
    shelf.write(admin);
    shelf.is_consistent().unwrap();
}

#[test]
fn a_limit_that_leaves_nothing_looks_at_what_is_given_back_meanwhile() {
    let mut shelf = Shelf::new(Some(1_001));
    shelf.order(500);
    assert_ne!(shelf.held[0].shard, 0);
    shelf.at_once(What::Limit(Some(2)));
    let admin = shelf.reader(What::Limit(Some(1)));
    shelf.at_once(What::Release { which: 0, looks: false });
    shelf.write(admin);
    shelf.is_consistent().unwrap();
}

#[test]
fn whoever_takes_the_last_use_knows_every_shard_there_is() {
    let mut shelf = Shelf::new(Some(1_000));
    (1..=999).for_each(|order| shelf.order(order));
    let last = shelf.reader(What::Redeem { all: true, order: 1_000 });
    // One in each shard, so that the first one stays as the order saw it.
    shelf.at_once(What::Limit(Some(1_031)));
    assert_eq!(shelf.left, [1; 32]);
    shelf.write(last);
    shelf.is_consistent().unwrap();
    (1_000..=1_031).for_each(|order| shelf.order(order));
    assert_eq!((shelf.held.len(), shelf.promotion.sold_out), (1_031, true));
}

#[test]
fn a_use_beyond_a_lowered_limit_is_given_back_to_nobody() {
    let mut shelf = Shelf::new(Some(3));
    (1..=3).for_each(|order| shelf.order(order));
    shelf.at_once(What::Limit(Some(1)));
    assert_eq!(shelf.promotion.overdrawn, 2);
    for used in [2, 1] {
        shelf.at_once(What::Release { which: 0, looks: true });
        shelf.order(9);
        assert_eq!((shelf.held.len(), shelf.promotion.sold_out), (used, true));
    }
    shelf.at_once(What::Release { which: 0, looks: true });
    shelf.order(9);
    assert_eq!((shelf.held.len(), shelf.promotion.sold_out), (1, true));
    // With none beyond the limit any more it is given back to others, though somebody looked.
    shelf.at_once(What::Release { which: 0, looks: true });
    assert_eq!((shelf.held.len(), &shelf.left[..], shelf.promotion.sold_out), (0, &[1][..], false));
    shelf.is_consistent().unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn uses_never_pass_the_limit_and_none_is_lost(limit in limits(), moves in moves()) {
        let mut shelf = Shelf::new(limit);
        let mut readers: [Option<Reader>; 4] = [const { None }; 4];
        for step in moves {
            match step {
                Move::Begin(who, what) => readers[who] = Some(Reader { what, promotion: shelf.promotion.clone(), left: None }),
                Move::ReadShards(who) => {
                    if let Some(reader) = &mut readers[who] {
                        // Shards that were added since the promotion was read are not asked for.
                        reader.left = Some(shelf.left[..usize::from(reader.promotion.shards)].to_vec());
                    }
                }
                Move::Write(who) => {
                    if let Some(mut reader) = readers[who].take() {
                        let asked = usize::from(reader.promotion.shards);
                        reader.left.get_or_insert_with(|| shelf.left[..asked].to_vec());
                        shelf.write(reader);
                    }
                }
            }
            shelf.is_consistent()?;
        }
    }

    #[test]
    fn what_is_left_can_always_be_taken_by_whoever_reads_it_all(limit in 1..1_100_u32) {
        let mut shelf = Shelf::new(Some(limit));
        for order in 1..=u64::from(limit) {
            shelf.order(order);
            prop_assert_eq!(shelf.held.len() as u64, order);
        }
        shelf.is_consistent()?;
        prop_assert!(shelf.promotion.sold_out);
    }

    #[test]
    fn a_discount_is_never_negative_and_never_more_than_what_it_is_taken_off(
        subtotal in 0..1_000_000_i64, fee in 0..5_000_i64, hundredths in 1..=10_000_u32, amount in 1..2_000_000_i64, cap in prop::option::of(1..500_000_i64),
    ) {
        let number = format!("{}.{:02}", hundredths / 100, hundredths % 100);
        for benefit in [percent(&number), Benefit::FixedAmount(Money::usd(amount)), Benefit::FreeShipping(Money::usd(0))] {
            let off = Terms { max_discount: cap.map(Money::usd), ..terms(benefit) }.discount(&basket(subtotal, fee)).minor;
            let whole = if benefit.kind() == PromotionType::FreeShipping { fee } else { subtotal };
            prop_assert!((0..=whole).contains(&off) && off <= cap.unwrap_or(i64::MAX));
        }
    }
}

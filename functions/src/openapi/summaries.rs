//! What each operation does and who may call it. `tests/it/access.rs` holds the callers against what is answered to them.

use Who::{Admins, Anybody, Customers, Keepers, Owners, Sender, Staff};

/// Who may call an operation.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Who {
    /// Without a token.
    Anybody,
    /// A webhook's sender, who signs.
    Sender,
    /// Whoever has a token.
    Customers,
    /// A customer for what is their own, staff for everything.
    Owners,
    /// Any of the staff.
    Staff,
    /// Who keeps the inventory.
    Keepers,
    /// Admins alone.
    Admins,
}

impl Who {
    /// In a sentence.
    pub(super) const fn sentence(self) -> &'static str {
        match self {
            Anybody => "**Callers:** anybody, without a token.",
            Sender => "**Callers:** the sender alone, who signs; a token is of no use.",
            Customers => "**Callers:** `CUSTOMER`, `SALES_STAFF`, `INVENTORY_MANAGER`, `STAFF`, `ADMIN`.",
            Owners => {
                "**Callers:** `CUSTOMER` for what is their own; `SALES_STAFF`, `INVENTORY_MANAGER`, `STAFF` and `ADMIN` for everybody's."
            }
            Staff => "**Callers:** `SALES_STAFF`, `INVENTORY_MANAGER`, `STAFF`, `ADMIN`.",
            Keepers => "**Callers:** `INVENTORY_MANAGER`, `ADMIN`.",
            Admins => "**Callers:** `ADMIN`.",
        }
    }

    /// How everybody else is refused, as a row of the codes; nothing where a token is enough, or none is asked for.
    pub(super) const fn refusal(self) -> Option<&'static str> {
        match self {
            Anybody | Sender | Customers => None,
            Owners => Some("FORBIDDEN"),
            Staff => Some("FORBIDDEN but to staff"),
            Keepers => Some("FORBIDDEN but to keepers"),
            Admins => Some("FORBIDDEN but to admins"),
        }
    }
}

/// An operation, who may call it, what it does in a line, and what a caller should know beforehand.
pub(super) type Row = (&'static str, Who, &'static str, &'static str);

#[rustfmt::skip]
pub(super) const SUMMARIES: &[Row] = &[
    ("findOrders", Owners, "Find orders", "One order by `id` or `orderNumber`, else a list; a customer's list has their own alone."),
    ("placeOrder", Owners, "Place an order",
        "Prices the lines from the variants, takes their stock and uses the promotion code, all or nothing. A customer may leave out `customerId`, staff may not; \
         `IN_STORE` is for staff. A customer's `deliveryFee` must be their zone's, where the shop has fees for zones."),
    ("changeOrderStatus", Staff, "Move an order on, or cancel it",
        "A step at a time: `PENDING`, `CONFIRMED`, `PROCESSING`, then `READY_FOR_PICKUP` or `SHIPPED`, then `DELIVERED`. `CANCELLED` goes by the rules of cancelling, \
         with `note` as the reason."),
    ("markOrderPayment", Staff, "Mark an order as paid or failed",
        "By hand, from `PENDING` to `PAID` or `FAILED`, and from `FAILED` to `PAID`; the other statuses follow from the refunds. \
         A payment that comes in for a cancelled order is refunded in the same step."),
    ("cancelOrder", Owners, "Cancel an order",
        "While it is `PENDING`, `CONFIRMED` or `PROCESSING` and has no live shipment. In one step its stock and its use of a promotion are given back, and what was paid \
         is refunded, by the method it was paid with unless `refundMethod` says otherwise (`CASH` by staff alone). What was never paid becomes `VOIDED`."),
    ("readOrderHistory", Staff, "Read an order's history", "Who did what, when, from which status to which."),
    ("getPackingSlip", Staff, "Get an order's packing slip", "A page to print, in the order's language, with its number as a barcode."),
    ("findRefunds", Staff, "Find refunds", "One refund by `id`, else a list."),
    ("createRefund", Admins, "Refund an order",
        "All that is left, an `amount`, or pieces of its lines. Refunds that have not failed never come to more than what was paid, and no piece is refunded twice."),
    ("updateRefund", Admins, "Move a refund on, or note something",
        "`COMPLETED` moves the order's payment on; `FAILED` can be tried again as `PROCESSING`. While a provider is at work its status can't be set by hand."),
    ("findReturns", Owners, "Find returns", "One return by `id` or `rmaNumber`, else a list; a customer's list has their own alone."),
    ("requestReturn", Owners, "Ask to return pieces of an order",
        "Of a `DELIVERED` order, in the days that the shop gives for it, and never more of a line than was bought and is not on its way back."),
    ("updateReturn", Staff, "Move a return on, or reject it",
        "`REQUESTED`, `APPROVED`, `RECEIVED`, `REFUNDED`, `COMPLETED`; `REJECTED` from the first three, with the reason in `notes`. `RECEIVED` puts back into stock \
         what can be sold again, `REFUNDED` makes the refund, less the fees."),
    ("findShipments", Owners, "Find shipments", "One shipment by `id` or `trackingNumber`, else a list; a customer's list has their own alone."),
    ("createShipment", Staff, "Ship an order, or lines of it",
        "Of a `CONFIRMED` or `PROCESSING` order, or a later one that has pieces to go again, with lines that are in no live shipment. `LOCAL` and `OTHER` have a tracking number at once; \
         DHL, FedEx and UPS are booked by a worker, which fills in the number, the label and the cost."),
    ("updateShipment", Staff, "Say how far a shipment is",
        "When all of an order's shipments are `DELIVERED`, the order is; one that is `FAILED` or `RETURNED` frees its lines."),
    ("findPromotions", Customers, "Find promotions",
        "One promotion by `id` or `code`, else a list. A customer finds those that are active and in their dates, staff all of them."),
    ("createPromotion", Admins, "Make a promotion", "Its code is unique in whatever case, and doesn't change once it is made."),
    ("updatePromotion", Admins, "Change a promotion", "Also while it is used. A field that is left out stays as it is; null clears what may be empty."),
    ("deactivatePromotion", Admins, "End a promotion", "Its record and its uses stay, and it may be ended again."),
    ("validatePromotion", Owners, "Ask what a code would take off",
        "It takes no use: placing the order does. A customer asks for themselves alone. A code that can't be used is a problem with `valid: false` and `errorCode`."),
    ("findVariants", Staff, "Find variants", "One variant by `id` or `sku`, else a list."),
    ("putVariants", Keepers, "Make or change variants",
        "Up to 25 at once, all or nothing: without `id` one is made, with its stock, with `id` it is changed. A change leaves the stock as it is: adjusting it does that. `If-Match` goes with one variant that is changed, and only its answer has an `ETag`. \
         Sales don't hold it up: where some come in between, its answer has no `ETag`, and the stock from before them."),
    ("adjustStock", Keepers, "Adjust a variant's stock", "By so many pieces up or down, with a reason; it never goes below zero."),
    ("readStockHistory", Staff, "Read a variant's stock history", "Every sale, restock, adjustment and return, with what there was before and after it."),
    ("readStoreCredit", Owners, "Read a customer's store credit", "The balance in each currency, and what made it so. Staff must say of whom; a customer may leave it out."),
    ("redeemStoreCredit", Staff, "Pay with a customer's store credit", "It never goes below zero, however many pay at once."),
    ("findEmailTemplates", Staff, "Find e-mail templates", "One template by `id`, or by `code` in its newest version or in an old one; the versions of one; else a list."),
    ("createEmailTemplate", Admins, "Make an e-mail template", "For a code and a language. A text that can't be filled in is refused, with the line and the column."),
    ("updateEmailTemplate", Admins, "Change an e-mail template", "Each change makes a new version; the old ones can be read."),
    ("removeEmailTemplate", Admins, "Take an e-mail template out of use", "The built-in text is sent from then on. It may be repeated."),
    ("previewEmailTemplate", Staff, "Preview an e-mail template", "Fills in the values that are given. `send: true` also mails it to the caller's own address, and to no other."),
    ("findNotifications", Staff, "Find messages", "The log of every e-mail and SMS, with what became of it."),
    ("resendNotification", Admins, "Send a message once more", "As it was, to whom it was, as a new message."),
    ("receivePawaPayCallback", Sender, "Take a callback of pawaPay's", "Of a deposit or a refund. It is applied once, however often it comes and in whatever order. Without a key of pawaPay's, pawaPay is asked whether it is true."),
    ("receiveStripeEvent", Sender, "Take an event of Stripe's", "Of a payment or a refund. It is applied once, however often it comes and in whatever order."),
    ("receiveDhlEvent", Sender, "Take a tracking event of DHL's", "It says that something happened to a parcel; what it is, DHL is asked. It may come often and in whatever order."),
    ("receiveFedExEvent", Sender, "Take a tracking event of FedEx's", "It says that something happened to a parcel; what it is, FedEx is asked. It may come often and in whatever order."),
    ("receiveUpsEvent", Sender, "Take a tracking event of UPS's", "It says that something happened to a parcel; what it is, UPS is asked. It may come often and in whatever order."),
    ("receiveTwilioStatus", Sender, "Take an SMS's status", "What became of a message. It goes forward alone, however often it comes and in whatever order."),
    ("receiveSendGridEvents", Sender, "Take e-mails' events of SendGrid's", "What became of messages. It goes forward alone, however often it comes and in whatever order."),
    ("receiveSesEvent", Sender, "Take an e-mail's event of Amazon SES's", "What became of a message, as Amazon SNS hands it on. It goes forward alone, however often it comes and in whatever order."),
    ("getHealth", Anybody, "Ask whether all is well", "The version, and whether what everything needs is reached; 503 when it is not."),
    ("getOpenApi", Anybody, "Get this document", "OpenAPI 3.1, compressed for whoever can read that."),
    ("getDocs", Anybody, "Read this document as a page", "Every operation can be tried there."),
    ("getDocsFile", Anybody, "Get a file of that page", "Its script, its style and what starts it."),
];

/// The row of an operation; a test holds that each has one.
pub(super) fn of(operation: &str) -> Option<&'static Row> {
    SUMMARIES.iter().find(|(id, ..)| *id == operation)
}

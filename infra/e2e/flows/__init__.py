"""What is gone through, in this order: its name, and the story."""

from . import cancellation, conventions, dead_letters, monitoring, parcel, promotion, returning, settings, webhook

FLOWS = [
    ("the API answers, and refuses, as it is documented", conventions.flow),
    ("an order is paid, cancelled, refunded as store credit, and its customer told", cancellation.flow),
    ("a return goes from request to refund", returning.flow),
    ("a promotion is redeemed, refused when it is used up, and released", promotion.flow),
    ("a parcel goes out and arrives; one that no carrier takes says why", parcel.flow),
    ("Stripe tells that an order was paid, and a forger does not", webhook.flow),
    ("a job ends as a dead letter, and is done after it was sent back", dead_letters.flow),
    ("whoever runs it is woken up by what the template says", monitoring.flow),
    # The last, since prices stay in another currency than the shop's.
    ("a setting that is changed later counts in what is deployed gradually", settings.flow),
]

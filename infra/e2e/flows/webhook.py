"""Stripe tells that a card was charged: believed with its signature alone, and once."""

import hashlib
import hmac
import json
import secrets
import time

from expect import equal


def flow(shop):
    customer, skirt = shop.customer(), shop.variant(price=19.99)
    payment = f"pi_{secrets.token_hex(8)}"
    order = shop.order(customer, skirt, paymentMethod="CARD", paymentReference=payment).ok(201)
    event = json.dumps({"id": f"evt_{payment}", "type": "payment_intent.succeeded", "data": {"object": {
        "id": payment, "object": "payment_intent", "status": "succeeded", "amount_received": 1999, "currency": "usd",
    }}}).encode()  # fmt: skip

    tell(shop, event, "whsec_of_somebody_else").refused(401, "INVALID_SIGNATURE")
    tell(shop, event, shop.stripe_secret, ago=600).refused(401, "INVALID_SIGNATURE")
    tell(shop, event.replace(b"1999", b"1"), shop.stripe_secret, signed=event).refused(401, "INVALID_SIGNATURE")
    equal(shop.order_now(order)["paymentStatus"], "PENDING", "the order, after three who are not Stripe")

    tell(shop, event, shop.stripe_secret).ok()
    paid = shop.order_now(order)
    equal((paid["paymentStatus"], paid["paymentReference"]), ("PAID", payment), "the order, after Stripe")
    tell(shop, event, shop.stripe_secret).ok()
    equal(shop.order_now(order)["version"], paid["version"], "the order's version, after Stripe once more")
    shop.is_idle()


def tell(shop, body, secret, ago=0, signed=None):
    """A delivery, signed as Stripe does it (docs.stripe.com/webhooks#verify-manually), `ago` seconds ago."""
    at = int(time.time()) - ago
    signature = hmac.new(secret.encode(), f"{at}.".encode() + (signed or body), hashlib.sha256).hexdigest()
    return shop.api.nobody().call("POST", "/api/webhooks/stripe", {}, body, {"Stripe-Signature": f"t={at},v1={signature}"})

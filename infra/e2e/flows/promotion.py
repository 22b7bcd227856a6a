"""A code that can be used once: taken by an order, refused to the next, given back by a cancellation, taken again."""

import secrets

from expect import equal
from shop import now

DAY = 86_400_000


def flow(shop):
    code, bag = f"E2E{secrets.token_hex(3)}".upper(), shop.variant(stock=5, price=80.00)
    first, second = shop.customer(), shop.customer()
    shop.admin.post("/api/promotions", {
        "code": code.lower(), "name": "Essai", "type": "PERCENTAGE", "value": 25, "usageLimit": 1,
        "startDate": now() - DAY, "endDate": now() + DAY,
    }).ok(201)  # fmt: skip

    ask = {"code": code, "orderTotal": 80}
    answer = first.post("/api/promotions/validate", ask).ok()
    equal((answer["valid"], answer["discountAmount"], answer["finalTotal"]), (True, 20, 60), "what the code takes off")

    order = shop.order(first, bag, promotionCode=code).ok(201)
    equal((order["discount"], order["total"], order["promotionCode"]), (20, 60, code), "the order with its discount")
    equal(redemptions(shop, code, order), 1, "redemptions of the order")

    second.post("/api/promotions/validate", ask).refused(400, "USAGE_LIMIT_REACHED")
    shop.order(second, bag, promotionCode=code).refused(409, "USAGE_LIMIT_REACHED")
    equal(shop.stock(bag), 4, "stock, of which the refused order took nothing")

    cancelled = first.post(f"/api/orders/{order['id']}/cancel", {"reason": "Je me suis trompée"}).ok()
    equal((cancelled["refund"], cancelled["order"]["paymentStatus"]), (None, "VOIDED"), "an order that nobody had paid")
    equal(redemptions(shop, code, order), 0, "redemptions of the cancelled order")
    equal(shop.order(second, bag, promotionCode=code).ok(201)["discount"], 20, "the discount of who comes next")
    shop.is_idle()


def redemptions(shop, code, order):
    """Uses of the code that are stored for an order."""
    return len(shop.items("promotions", f"CODE#{code}#ORDER#{order['id']}"))

"""An order is paid, cancelled by its customer, refunded as store credit by the worker, and every step is told by e-mail."""

from expect import equal, eventually


def flow(shop):
    customer, dress = shop.customer(), shop.variant(stock=5, price=62.50)
    order = shop.order(customer, dress, quantity=2).ok(201)
    equal(order["total"], 125, "the total")
    equal(shop.stock(dress), 3, "stock after the order")
    shop.told(customer, order, f"bien reçu votre commande {order['orderNumber']}")
    shop.paid(order)

    wish = {"reason": "La taille ne convient pas", "refundMethod": "STORE_CREDIT"}
    cancel = f"/api/orders/{order['id']}/cancel"
    answer = customer.post(cancel, wish, Idempotency_Key="once")
    cancelled = answer.ok()
    equal(cancelled["order"]["status"], "CANCELLED", "the order's status")
    refund = cancelled["refund"]
    equal((refund["amount"], refund["status"], refund["method"]), (125, "PROCESSING", "STORE_CREDIT"), "the refund")

    again = customer.post(cancel, wish, Idempotency_Key="once")
    equal((again.raw, again.headers.get("idempotency-replayed")), (answer.raw, "true"), "the same request again")
    customer.post(cancel, wish).refused(409, "ALREADY_CANCELLED")

    # From here on nobody calls: a stream, a relay, two queues and two workers do it.
    eventually(lambda: shop.refund_now(refund)["status"], "COMPLETED", "the refund")
    after = shop.order_now(order)
    equal((after["paymentStatus"], after["refundedTotal"]), ("REFUNDED", 125), "the order's payment")
    credit = customer.get("/api/store-credit", customerId=customer.number).ok()
    equal(credit["balances"], [{"currency": "USD", "balance": 125}], "store credit")
    equal([(entry["kind"], entry["refundId"]) for entry in credit["entries"]], [("REFUND", refund["id"])], "entries of the ledger")

    equal(shop.stock(dress), 5, "stock after the cancellation")
    eventually(lambda: shop.stock_log(dress)[-2:], [("SALE", -2), ("SALE", 2)], "the log of the stock")
    for subject in (f"commande {order['orderNumber']} est annulée", "remboursement de 125"):
        shop.told(customer, order, subject)
    stored_as_it_was_told(shop, order, refund)
    shop.is_idle()


def stored_as_it_was_told(shop, order, refund):
    """In the tables: the order, an event for each step, the refund."""
    items = shop.items("orders", f"ORDER#{order['id']}")
    equal([item["sk"] for item in items if not item["sk"].startswith("EVENT#")], ["ORDER"], "the order, once")
    history = shop.staff.get(f"/api/orders/{order['id']}/history").ok()
    equal(len([item for item in items if item["sk"].startswith("EVENT#")]), len(history), "an event for each row of the history")
    equal(len(shop.items("orders", f"REFUND#{refund['id']}")) > 0, True, "the refund")

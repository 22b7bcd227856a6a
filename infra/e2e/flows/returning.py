"""A return: asked for, approved, counted, restocked, refunded by staff, closed."""

from expect import equal, eventually


def flow(shop):
    customer, shirt = shop.customer(), shop.variant(stock=4, price=30.00)
    order = shop.order(customer, shirt, quantity=3).ok(201)
    line = order["items"][0]
    wish = {"orderId": order["id"], "reason": "Trop grand", "items": [{"orderItemId": line["id"], "quantity": 2, "condition": "UNOPENED"}]}
    customer.post("/api/returns", wish).refused(409, "ORDER_NOT_DELIVERED")

    shop.paid(order)
    shop.take_to(order, "CONFIRMED", "PROCESSING", "READY_FOR_PICKUP", "DELIVERED")
    rma = customer.post("/api/returns", wish).ok(201)["return"]
    customer.post("/api/returns", wish).refused(409, "QUANTITY_NOT_RETURNABLE")

    shop.told(customer, order, "reçu votre demande de retour")
    step(shop, rma, {"status": "APPROVED"})
    shop.told(customer, order, f"retour {rma['rmaNumber']} est accepté")
    # Two were asked back, one arrives.
    step(shop, rma, {"status": "RECEIVED", "items": [{"orderItemId": line["id"], "receivedQuantity": 1}]})
    equal(shop.stock(shirt), 2, "stock after the receipt")
    shop.told(customer, order, f"reçu votre retour {rma['rmaNumber']}")
    step(shop, rma, {"status": "REFUNDED"})

    # No provider is configured for mobile money, so it is for staff to pay it out.
    def refund():
        return shop.staff.get("/api/refunds", orderId=order["id"]).ok()[0]

    eventually(lambda: refund()["awaiting"], "STAFF", "who is next")
    equal((refund()["amount"], refund()["returnId"], refund()["status"]), (30, rma["id"], "PROCESSING"), "the refund")
    paid_out = shop.admin.put("/api/refunds", {"status": "COMPLETED", "transactionReference": "MP-R1"}, id=refund()["id"]).ok()
    equal((paid_out["status"], paid_out["processedBy"]), ("COMPLETED", 1), "the refund, paid out")

    after = shop.order_now(order)
    equal((after["paymentStatus"], after["refundedTotal"]), ("PARTIALLY_REFUNDED", 30), "the order's payment")
    equal(after["items"][0]["returnedQuantity"], 1, "pieces of the line that came back")
    step(shop, rma, {"status": "COMPLETED"})
    shop.told(customer, order, "remboursement de 30")
    shop.is_idle()


def step(shop, rma, change):
    """Staff take the return a step on."""
    equal(shop.staff.put("/api/returns", change, id=rma["id"]).ok()["return"]["status"], change["status"], "the return")

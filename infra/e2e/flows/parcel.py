"""Parcels: one by the shop's own driver, to the door; one by a carrier that the shop has no contract with."""

from expect import equal, eventually, true

HOME = {"street": "12 avenue de la Paix", "city": "Kinshasa", "country": "CD"}


def flow(shop):
    customer, sandals = shop.customer(), shop.variant(stock=3, price=45.00)
    order = shop.order(customer, sandals, deliveryMethod="HOME_DELIVERY", deliveryAddress=HOME, deliveryFee=5).ok(201)
    equal(order["total"], 50, "the total with its delivery fee")
    shop.paid(order)
    shop.take_to(order, "CONFIRMED")

    parcel = ship(shop, order, "LOCAL")
    true(parcel["trackingNumber"], "a tracking number of the shop's own")
    equal(shop.order_now(order)["status"], "SHIPPED", "the order with all of it on the way")
    shop.told(customer, order, f"commande {order['orderNumber']} est emballée")
    customer.post(f"/api/orders/{order['id']}/cancel", {"reason": "Trop tard"}).refused(409, "CANNOT_CANCEL")
    for status in ("PICKED_UP", "IN_TRANSIT", "OUT_FOR_DELIVERY", "DELIVERED"):
        moved = shop.staff.put("/api/shipments", {"status": status}, id=parcel["id"]).ok()
        equal(moved["status"], status, "the parcel")
    true(moved["actualDelivery"], "when it was delivered")
    shop.staff.put("/api/shipments", {"status": "IN_TRANSIT"}, id=parcel["id"]).refused(409, "INVALID_STATUS_TRANSITION")
    found = customer.get("/api/shipments", trackingNumber=parcel["trackingNumber"]).ok()
    equal(found["id"], parcel["id"], "the parcel, found by its number")
    equal(shop.order_now(order)["status"], "DELIVERED", "the order")
    shop.told(customer, order, f"commande {order['orderNumber']} a été livrée")

    unbooked(shop)
    shop.is_idle()


def unbooked(shop):
    """The worker looks at what DHL should carry, finds no contract, and leaves it to staff."""
    customer, hat = shop.customer(), shop.variant()
    order = shop.order(customer, hat, deliveryMethod="HOME_DELIVERY", deliveryAddress=HOME).ok(201)
    shop.paid(order)
    shop.take_to(order, "CONFIRMED")
    parcel = ship(shop, order, "DHL", recipientPhone="+243810000001", weight=0.4)
    equal(parcel["trackingNumber"], None, "a number before DHL gave one")

    def parcel_now():
        return shop.staff.get("/api/shipments", id=parcel["id"]).ok()

    eventually(lambda: bool(parcel_now()["failureReason"]), True, "the reason why DHL has not taken it")
    by_hand = shop.staff.put("/api/shipments", {"trackingNumber": f"JD{parcel['id']}"}, id=parcel["id"]).ok()
    equal(by_hand["trackingNumber"], f"JD{parcel['id']}", "the number that staff were given at DHL's counter")


def ship(shop, order, carrier, **more):
    wish = {"orderId": order["id"], "carrier": carrier, "recipientName": "Béatrice Ilunga", "shippingAddress": HOME}
    return shop.staff.post("/api/shipments", wish | more).ok(201)

"""A setting that a later deployment changes counts in a function whose published versions take the calls."""


def flow(shop):
    robe, customer = shop.variant(stock=5), shop.customer()
    shop.order(customer, robe).ok(201)
    shop.stack.deploy({"ShopCurrency": "EUR"})
    shop.order(customer, robe).refused(409, "CURRENCY_MISMATCH")

"""What holds for every call: who may, what is known, what is refused and how."""

from expect import contains, equal, true


def flow(shop):
    nobody, customer = shop.api.nobody(), shop.customer()

    health = nobody.get("/api/health").ok()
    equal(health["status"], "up", "health")
    true(health["dependencies"], "dependencies that health looks at")

    document = nobody.get("/api/openapi.json").ok()
    contains(list(document["paths"]), ["/api/orders", "/api/orders/{orderId}/cancel", "/api/webhooks/stripe"], "paths of the document")
    page = nobody.get("/api/docs")
    equal((page.status, page.headers["content-type"].split(";")[0]), (200, "text/html"), "the document as a page")

    nobody.get("/api/orders").refused(401, "UNAUTHORIZED")
    customer.get("/api/refunds").refused(403, "FORBIDDEN")
    shop.staff.get("/api/orders", id=1).refused(404, "ORDER_NOT_FOUND")
    shop.staff.get("/api/orders", offset=10).refused(400, "OFFSET_UNSUPPORTED")
    nobody.get("/api/no-such-thing").refused(404, "NOT_FOUND")
    shop.staff.call("DELETE", "/api/orders", {}).refused(405, "METHOD_NOT_ALLOWED")
    customer.call("POST", "/api/orders", {}, b"{").refused(400, "INVALID_JSON")

    preflight = nobody.call("OPTIONS", "/api/orders", {}, headers={
        "Origin": "http://localhost:3000", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization",
    })  # fmt: skip
    equal(preflight.headers.get("access-control-allow-origin"), "http://localhost:3000", "the web shop's origin")
    true(preflight.status in (200, 204), "the preflight")

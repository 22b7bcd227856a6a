"""The deployed shop, as its customers, its staff and those who run it see it."""

import secrets
import time

import boto3

import expect

SENT = ("SENT", "DELIVERED")


class Shop:
    """`mails` reads what was sent, where that can be read; `recipient` is an address that takes mail."""

    def __init__(self, stack, api, stripe_secret, recipient, emulator):
        self.stack, self.api, self.stripe_secret, self.recipient, self.emulator = stack, api, stripe_secret, recipient, emulator
        self.admin, self.staff = api.caller("ADMIN", 1), api.caller("SALES_STAFF", 2)
        self.notes = []

    def note(self, text):
        """Something that whoever reads the summary should know."""
        self.notes.append(text)

    # ---- People and what they do

    def customer(self):
        """Somebody new."""
        number = 10_000 + secrets.randbelow(1_000_000_000)
        caller = self.api.caller("CUSTOMER", number)
        caller.number, caller.email = number, self.recipient.format(number)
        return caller

    def variant(self, stock=10, price=50.00):
        """Something new to sell."""
        name = secrets.token_hex(4).upper()
        variant = {"productId": 7, "sku": f"E2E-{name}", "productName": f"Robe {name}", "price": price, "stockQuantity": stock}
        return self.admin.put("/api/inventory", {"variants": [variant]}).ok()["variants"][0]

    def order(self, customer, variant, quantity=1, **more):
        """The answer to an order that is fetched in the store."""
        return customer.post("/api/orders", {
            "customer": {"firstName": "Béatrice", "lastName": "Ilunga", "email": customer.email, "locale": "fr"},
            "items": [{"variantId": variant["id"], "quantity": quantity}],
            "deliveryMethod": "STORE_PICKUP", "paymentMethod": "MOBILE_MONEY", "source": "ONLINE",
        } | more)  # fmt: skip

    def paid(self, order):
        """Staff saw its money."""
        return self.staff.put(f"/api/orders/{order['id']}/payment", {"paymentStatus": "PAID", "reference": f"MP-{order['id']}"}).ok()

    def take_to(self, order, *statuses):
        """Staff take it through these; the order after the last."""
        for status in statuses:
            answer = self.staff.put(f"/api/orders/{order['id']}/status", {"newStatus": status}).ok()
            expect.equal(answer["newStatus"], status, "the order's new status")
        return answer["order"]

    # ---- What became of it

    def order_now(self, order):
        return self.staff.get("/api/orders", id=order["id"]).ok()

    def refund_now(self, refund):
        return self.staff.get("/api/refunds", id=refund["id"]).ok()

    def stock(self, variant):
        return self.staff.get("/api/inventory", id=variant["id"]).ok()["stockQuantity"]

    def stock_log(self, variant):
        """Type and change of each, the oldest first. The stream writes it, so it comes by and by."""
        rows = self.staff.get(f"/api/inventory/{variant['id']}/history").ok()
        return [(row["changeType"], row["quantityChange"]) for row in reversed(rows)]

    def told(self, customer, order, subject):
        """An e-mail with this in its subject went to the customer, and one only."""

        def logged():
            rows = self.staff.get("/api/notifications", orderId=order["id"]).ok()
            return [(row["recipient"], row["status"] in SENT) for row in rows if subject in row["subject"]]

        expect.eventually(logged, [(customer.email, True)], f"the log of the message “…{subject}…”")
        if self.emulator:
            expect.equal(sum(subject in mail["Subject"] for mail in self.mails_to(customer.email)), 1, f"mails that left, “…{subject}…”")
        else:
            self.note("no letter-box was opened: that mails left is what SES said to the log of messages")

    # ---- Those who run it

    def mails_to(self, address):
        """Mails that left for an address."""
        by_account = self.emulator.asks("ses/messages")["messages"]
        return [mail for mails in by_account.values() for mail in mails if mail["To"] == [address]]

    def items(self, table, partition):
        """Everything stored under a partition key."""
        keys = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": partition}, "ConsistentRead": True}
        return boto3.resource("dynamodb").Table(self.stack.prefix(table)).query(**keys)["Items"]

    def queue_url(self, name):
        return boto3.client("sqs").get_queue_url(QueueName=self.stack.prefix(name))["QueueUrl"]

    def waiting(self, queue):
        """Jobs in a queue, whether somebody has them in hand or not."""
        wanted = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"]
        found = boto3.client("sqs").get_queue_attributes(QueueUrl=self.queue_url(queue), AttributeNames=wanted)["Attributes"]
        return sum(int(found.get(name, 0)) for name in wanted)

    def is_idle(self):
        """No job is left in any queue, and none was given up."""
        for queue in ("email", "sms", "refunds", "shipments"):
            expect.eventually(lambda: self.waiting(queue), 0, f"jobs in {queue}")
        for queue in ("email", "sms", "refunds", "shipments", "relay", "inventory-log"):
            expect.eventually(lambda: self.waiting(f"{queue}-dead-letters"), 0, f"dead letters of {queue}")


def now():
    """Epoch milliseconds, as the API has them."""
    return int(time.time() * 1000)

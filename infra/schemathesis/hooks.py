"""What a JSON Schema can't say of a request, said to whoever draws them.

A request that is meant to be right (`positive`) is mended here before it is sent, by the rules that the document has in words
alone. One that is meant to be wrong goes out as it was drawn, but for a key that somebody has used.
"""

import copy
import itertools
import os
import re
import unicodedata

import schemathesis
from schemathesis.core.parameters import ParameterLocation

CALLER = os.environ["CALLER"]

# Currencies of other than two decimals (ISO 4217's minor unit).
NO_DECIMALS = set("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split())
THREE_DECIMALS = set("BHD IQD JOD KWD LYD OMR TND".split())
AMOUNTS = {
    "amount", "cost", "deliveryFee", "maxDiscount", "minOrderValue", "orderTotal", "price", "restockingFee", "returnShippingFee", "value",
}
# The greatest amount, in minor units.
GREATEST = 999_999_999_999

# Parameters that name one record; whatever else a request asks for says nothing beside them.
SELECTORS = ["id", "orderNumber", "rmaNumber", "trackingNumber", "sku", "code"]

KEYS = itertools.count(1)


@schemathesis.hook
def before_call(context, case, kwargs):
    operation = case.operation.definition.raw.get("operationId")
    # A key belongs to one request, and the one that is drawn most often is "0".
    if "Idempotency-Key" in (case.headers or {}) and not negative(case, ParameterLocation.HEADER):
        case.headers["Idempotency-Key"] = f"{CALLER}-{next(KEYS)}"
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if operation == "readStoreCredit" and CALLER != "customer":
        case.query = {"customerId": 4001} | dict(case.query or {})
    if case.query and case.method.upper() == "GET":
        case.query = one_selector(operation, dict(case.query))
        in_order(case.query)
    if isinstance(case.body, dict):
        case.body = copy.deepcopy(case.body)
        in_order(case.body)
        in_decimals(case.body, case.body.get("currency"))
        mend = BODIES.get(operation)
        if mend:
            mend(case.body)


def negative(case, location):
    return case.meta is not None and location in case.meta.components and case.meta.is_negative_at(location)


def one_selector(operation, query):
    """A selector stands alone, save that a template's code goes with a language and a version, or with all versions."""
    there = [name for name in SELECTORS if name in query]
    if operation == "findEmailTemplates" and there == ["code"]:
        beside = {"locale", "versions", "limit", "cursor"} if query.get("versions") is True else {"locale", "version", "versions"}
        return {name: value for name, value in query.items() if name == "code" or name in beside}
    if there:
        return {there[0]: query[there[0]]}
    return {name: value for name, value in query.items() if name not in ("version", "versions")}


def in_order(fields):
    """What ends ends after it began."""
    start, end = fields.get("startDate"), fields.get("endDate")
    if is_number(start) and is_number(end) and start >= end:
        fields["startDate"], fields["endDate"] = (end, start) if end < start else (max(start - 1, 0), max(end, 1))


def in_decimals(value, currency):
    """An amount has the decimals of its currency; where none is named, it is the shop's, which has two."""
    if isinstance(value, list):
        for one in value:
            in_decimals(one, currency)
    elif isinstance(value, dict):
        currency = value.get("currency") or currency
        decimals = 0 if currency in NO_DECIMALS else 3 if currency in THREE_DECIMALS else 2
        for name, one in value.items():
            if name in AMOUNTS and is_number(one):
                amount = min(round(one, decimals), GREATEST / 10**decimals)
                # What rounds to nothing may have had to be more.
                value[name] = 10**-decimals if amount == 0 < one else amount
            elif name != "variables":
                in_decimals(one, currency)


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def for_somebody(order):
    """Staff say for whom; a customer may leave it out."""
    if CALLER != "customer" and order.get("customerId") is None:
        order["customerId"] = 4001


def named_once(request):
    """No variant is changed twice in one request."""
    seen, kept = set(), []
    for variant in request.get("variants") or []:
        if variant.get("id") is None or variant["id"] not in seen:
            kept.append(variant)
        seen.add(variant.get("id"))
    request["variants"] = kept


def declares_what_it_uses(template):
    """Where variables are named, those of the texts are among them."""
    if template.get("variables") is not None:
        texts = " ".join(template.get(part) or "" for part in ("subject", "htmlContent", "textContent"))
        template["variables"] = sorted(set(template["variables"]) | set(re.findall(r"{{(\w+)}}", texts)))


def composed(promotion):
    """A mark stands after the letter that it makes another one with."""
    code = promotion.get("code")
    if isinstance(code, str) and any(unicodedata.category(mark).startswith("M") for mark in code):
        code = unicodedata.normalize("NFC", code)
        promotion["code"] = "".join(c for c in code if not unicodedata.category(c).startswith("M")) or "X"


BODIES = {
    "placeOrder": for_somebody,
    "putVariants": named_once,
    "createPromotion": composed,
    "updatePromotion": composed,
    "createEmailTemplate": declares_what_it_uses,
    "updateEmailTemplate": declares_what_it_uses,
}

# What only a record can tell to be wrong with a request, where the contract has 400 for it.
RECORDS_SAY = {
    "cancelOrder": {"INVALID_METHOD"},
    "createRefund": {"INVALID_METHOD", "INVALID_ORDER_ITEMS"},
    "requestReturn": {"INVALID_ORDER_ITEMS"},
    # What a step has no say in may be said as it stands.
    "updateReturn": {"INVALID_ORDER_ITEMS", "INVALID_ITEM", "INVALID_AMOUNT"},
    "createShipment": {"INVALID_ORDER_ITEMS"},
    # A parcel that has a number keeps one, and its label is its own.
    "updateShipment": {"MISSING_REQUIRED_FIELDS", "INVALID_LABEL_URL"},
    "validatePromotion": {
        "INACTIVE_PROMOTION", "NOT_STARTED", "EXPIRED", "MIN_ORDER_NOT_MET", "USAGE_LIMIT_REACHED", "USER_LIMIT_REACHED",
    },
    # A change is judged together with what it leaves as it is.
    "updatePromotion": {"MISSING_REQUIRED_FIELDS", "INVALID_PERCENTAGE", "INVALID_VALUE", "INVALID_AMOUNT", "INVALID_DATE_RANGE"},
    "updateEmailTemplate": {"INVALID_TEMPLATE"},
    # A template wants values for its variables.
    "previewEmailTemplate": {"INVALID_TEMPLATE"},
}


@schemathesis.check
def refused_for_what_the_records_say(ctx, response, case):
    """schemathesis.toml lets these operations answer 400 to a request that is right; for these reasons, and for no other."""
    operation = case.operation.definition.raw.get("operationId")
    if response.status_code == 400 and operation in RECORDS_SAY and case.meta and case.meta.generation.mode.is_positive:
        code = response.json()["code"]
        assert code in RECORDS_SAY[operation], f"a request that is right is refused with {code}"

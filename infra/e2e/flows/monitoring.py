"""The alarms, as they were deployed: all there are, each on a thing that is there, with the bounds that docs/runbook.md names."""

import boto3

from expect import equal, true

DEAD_LETTERS = ["email", "sms", "refunds", "shipments", "relay", "inventory-log", "email-events"]
AGES = ["email", "sms", "refunds", "shipments"]
STREAMS = ["relay", "inventory-log"]
GRADUAL = [
    "orders", "orders-status", "orders-payment", "orders-cancel", "refunds", "returns", "store-credit-redeem", "webhooks-stripe",
    "webhooks-pawapay", "process-refund", "ask-providers", "relay", "book-shipment",
]  # fmt: skip
SCHEDULES = ["cancel-unpaid-orders", "reject-late-returns", "track-shipments"]
WORKERS = ["inventory-log", "send-email", "send-sms"]
OF_SEVERAL_METRICS = ["orders-unrelayed", "returns-unrelayed", "stock-unlogged"]


def flow(shop):
    prefix = shop.stack.prefix("")
    outputs = shop.stack.outputs()
    pages = boto3.client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNamePrefix=prefix)
    deployed = {alarm["AlarmName"].removeprefix(prefix): alarm for page in pages for alarm in page["MetricAlarms"]}
    expected = definitions(shop.stack.prefix, prefix.removesuffix("-"), outputs["ApiId"])
    several = [] if shop.emulator else OF_SEVERAL_METRICS
    equal(sorted(deployed), sorted([*expected, *several]), "alarms")
    if shop.emulator:
        shop.note(f"MiniStack knows no alarms of several metrics: {', '.join(OF_SEVERAL_METRICS)} were left out")
    for name in several:
        equal(deployed[name]["AlarmActions"], [outputs["AlarmTopicArn"]], f"whom {name} tells")
        equal([metric["Id"] for metric in deployed[name]["Metrics"] if metric.get("ReturnData", True)], ["lost"], f"what {name} looks at")
    if shop.emulator and deployed["api-p99"].get("Statistic") == "Average":
        shop.note("MiniStack leaves an alarm's percentile out: that api-p99 looks at the 99th was not seen")
        deployed["api-p99"]["Statistic"] = "p99"
    for name, definition in expected.items():
        alarm = deployed[name]
        equal(alarm["AlarmActions"], [outputs["AlarmTopicArn"]], f"whom {name} tells")
        true(alarm["AlarmDescription"], f"{name} says what it means")
        equal(defined(alarm), definition, f"when {name} rings")
        equal(alarm["TreatMissingData"], "breaching" if name.endswith("-silent") else "notBreaching", f"{name} where nothing happens")
    for queue in [f"{name}-dead-letters" for name in DEAD_LETTERS] + AGES:
        shop.queue_url(queue)
    functions = boto3.client("lambda")
    for name in {*STREAMS, *GRADUAL, *SCHEDULES, *WORKERS}:
        functions.get_function(FunctionName=shop.stack.prefix(name))


def defined(alarm):
    periods = alarm["EvaluationPeriods"]
    return (
        alarm["Namespace"], alarm["MetricName"], {row["Name"]: row["Value"] for row in alarm.get("Dimensions", [])},
        alarm.get("ExtendedStatistic") or alarm["Statistic"], alarm["ComparisonOperator"], alarm["Threshold"],
        f"{alarm.get('DatapointsToAlarm') or periods} of {periods} x {alarm['Period']} s",
    )  # fmt: skip


def definitions(prefixed, own, api):
    """Each alarm by its name: what it looks at, and past which bound for how long."""
    above, reaching = "GreaterThanThreshold", "GreaterThanOrEqualToThreshold"

    def queue(metric, name, most, when):
        return "AWS/SQS", metric, {"QueueName": prefixed(name)}, "Maximum", above, most, when

    def function(name, metric, statistic, most, when):
        return "AWS/Lambda", metric, {"FunctionName": prefixed(name)}, statistic, above, most, when

    def silent(name):
        return "AWS/Lambda", "Invocations", {"FunctionName": prefixed(name)}, "Sum", "LessThanThreshold", 1, "3 of 3 x 3600 s"

    visible, oldest = "ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"
    errors = [(GRADUAL, "1 of 1 x 60 s"), (SCHEDULES, "1 of 1 x 300 s"), (WORKERS, "2 of 3 x 300 s")]
    return (
        {f"{name}-dead-letters": queue(visible, f"{name}-dead-letters", 0, "1 of 1 x 60 s") for name in DEAD_LETTERS}
        | {f"{name}-queue-age": queue(oldest, name, 900, "1 of 1 x 300 s") for name in AGES}
        | {f"{name}-job-age": (own, "JobAge", {"QueueName": prefixed(name)}, "Maximum", above, 900, "1 of 4 x 300 s") for name in AGES}
        | {f"{name}-iterator-age": function(name, "IteratorAge", "Maximum", 300_000, "3 of 3 x 60 s") for name in STREAMS}
        | {f"{name}-silent": silent(name) for name in [*SCHEDULES, "ask-providers"]}
        | {f"{name}-errors": function(name, "Errors", "Sum", 0, when) for names, when in errors for name in names}
        | {
            "api-5xx-rate": ("AWS/ApiGateway", "5xx", {"ApiId": api}, "Average", above, 0.01, "2 of 3 x 300 s"),
            "api-p99": ("AWS/ApiGateway", "Latency", {"ApiId": api}, "p99", above, 3000, "2 of 3 x 300 s"),
            "throttles": ("AWS/Lambda", "Throttles", {}, "Sum", above, 0, "2 of 3 x 60 s"),
            "server-errors": (own, "ServerErrors", {}, "Sum", reaching, 3, "1 of 1 x 60 s"),
            "refunds-stuck": (own, "RefundsStuck", {}, "Sum", above, 0, "1 of 1 x 900 s"),
            "templates-unfilled": (own, "TemplatesUnfilled", {}, "Sum", above, 0, "1 of 1 x 900 s"),
            "money-astray": (own, "MoneyAstray", {}, "Sum", above, 0, "1 of 1 x 60 s"),
        }
    )

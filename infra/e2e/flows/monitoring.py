"""The alarms, as they were deployed: each tells the one topic, each dead letter is one too many."""

import boto3

from expect import contains, equal, true

DEAD_LETTERS = ["email", "sms", "refunds", "shipments", "relay", "inventory-log"]
AGES = ["email", "sms", "refunds", "shipments"]
OTHERS = ["relay-iterator-age", "inventory-log-iterator-age", "api-5xx-rate", "refunds-stuck", "money-astray"]


def flow(shop):
    topic = shop.stack.outputs()["AlarmTopicArn"]
    pages = boto3.client("cloudwatch").get_paginator("describe_alarms").paginate(AlarmNamePrefix=shop.stack.prefix(""))
    alarms = {alarm["AlarmName"]: alarm for page in pages for alarm in page["MetricAlarms"]}
    wanted = [f"{queue}-dead-letters" for queue in DEAD_LETTERS] + [f"{queue}-queue-age" for queue in AGES] + OTHERS
    contains(list(alarms), [shop.stack.prefix(name) for name in wanted], "alarms")

    for name, alarm in alarms.items():
        equal(alarm["AlarmActions"], [topic], f"whom {name} tells")
        true(alarm["AlarmDescription"], f"{name} says what it means")
    for queue in DEAD_LETTERS:
        alarm = alarms[shop.stack.prefix(f"{queue}-dead-letters")]
        equal(alarm["Dimensions"], [{"Name": "QueueName", "Value": shop.stack.prefix(f"{queue}-dead-letters")}], "what it looks at")
        equal(
            (alarm["Namespace"], alarm["MetricName"], alarm["ComparisonOperator"], alarm["Threshold"], alarm["TreatMissingData"]),
            ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "GreaterThanThreshold", 0, "notBreaching"),
            "when it rings",
        )
        shop.queue_url(f"{queue}-dead-letters")
    for queue in AGES:
        alarm = alarms[shop.stack.prefix(f"{queue}-queue-age")]
        equal((alarm["MetricName"], alarm["Threshold"]), ("ApproximateAgeOfOldestMessage", 900), "how long a job may wait")

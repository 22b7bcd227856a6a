"""Somebody breaks the configuration of the worker that sends e-mail. Its job is tried, given up, and done after it was sent back."""

import contextlib
import json
import os
import subprocess
import tempfile
from pathlib import Path

import boto3

import queue_moves
from expect import equal, eventually, true
from stack import STAGE

BROKEN = "MESSAGES_TABLE"
"""Without it the worker can do no job."""

SOON = {"VisibilityTimeout": "2", "maxReceiveCount": 2}
"""When the queue gives up while this is gone through; as the template has it, it would take hours."""


def flow(shop):
    customer, scarf = shop.customer(), shop.variant()
    with impatient(shop):
        with broken(shop):
            order = shop.order(customer, scarf).ok(201)
            # The worker itself hides a job for longer each time; AWS takes its time to look at it again.
            eventually(lambda: shop.waiting("email-dead-letters"), 1, "e-mails that were given up", patience=60 if shop.emulator else 600)
            eventually(lambda: shop.waiting("email"), 0, "e-mails that still wait")
            # The order itself knows nothing of it.
            equal(shop.order_now(order)["status"], "PENDING", "the order")
    look = redrive(shop)
    true(str(order["id"]) in look, f"the letter is shown: {look}")
    eventually(lambda: shop.waiting("email-dead-letters"), 1, "e-mails after a look")
    true("moved 1 back" in redrive(shop, "--send"), "what infra/redrive says of the move")
    shop.told(customer, order, f"bien reçu votre commande {order['orderNumber']}")
    shop.is_idle()


@contextlib.contextmanager
def broken(shop):
    """The worker without a part of its configuration."""
    functions, name = boto3.client("lambda"), shop.stack.prefix("send-email")
    right = functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]

    def configured(variables):
        functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
        functions.get_waiter("function_updated_v2").wait(FunctionName=name)

    configured({key: value for key, value in right.items() if key != BROKEN})
    try:
        yield
    finally:
        configured(right)


@contextlib.contextmanager
def impatient(shop):
    """The queue gives up soon."""
    sqs, url = boto3.client("sqs"), shop.queue_url("email")
    usual = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout", "RedrivePolicy"])["Attributes"]
    policy = json.loads(usual["RedrivePolicy"])
    equal(int(policy["maxReceiveCount"]), 20, "how often a job is received before it is given up")
    policy["maxReceiveCount"] = SOON["maxReceiveCount"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": SOON["VisibilityTimeout"], "RedrivePolicy": json.dumps(policy)})
    try:
        yield
    finally:
        sqs.set_queue_attributes(QueueUrl=url, Attributes={name: usual[name] for name in ("VisibilityTimeout", "RedrivePolicy")})


def redrive(shop, *action):
    """What `infra/redrive` prints."""
    with contextlib.ExitStack() as around:
        environment = os.environ | {"PROJECT": shop.stack.project}
        if shop.emulator:
            shop.note("MiniStack has no StartMessageMoveTask: infra/redrive moved dead letters through a stand-in for that call")
            address = around.enter_context(queue_moves.door(shop.emulator))
            environment["PATH"] = f"{around.enter_context(cli_of(address))}:{environment['PATH']}"
        ran = subprocess.run(["infra/redrive", STAGE, "email", *action], env=environment, capture_output=True, text=True, timeout=120)
    equal((ran.returncode, ran.stderr), (0, ""), "infra/redrive")
    return ran.stdout


@contextlib.contextmanager
def cli_of(address):
    """A directory with an `aws` that asks there, whatever version of it looks at AWS_ENDPOINT_URL."""
    with tempfile.TemporaryDirectory(prefix="order-ops-e2e-") as directory:
        aws = subprocess.run(["which", "aws"], capture_output=True, text=True, check=True).stdout.strip()
        script = Path(directory, "aws")
        script.write_text(f'#!/bin/sh\nexec {aws} --endpoint-url {address} "$@"\n')
        script.chmod(0o755)
        yield directory

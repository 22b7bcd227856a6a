"""Deploys the shop, goes through every flow as its clients do, and takes it down again. `infra/e2e/run` starts it."""

import argparse
import contextlib
import os
import secrets
import signal
import sys
import time
import traceback

import boto3

import expect
import stack as stacks
from client import Api
from flows import FLOWS
from ministack import MiniStack
from shop import Shop


def main():
    asked = arguments()
    # Ends like Ctrl-C, so that everything is taken down.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))
    began = time.monotonic()
    try:
        with contextlib.ExitStack() as cleanup:
            shop = in_aws(asked, cleanup) if asked.aws else in_ministack(cleanup)
            failed = go_through(shop)
            report(shop, failed, time.monotonic() - began)
    except KeyboardInterrupt:
        return 130
    except expect.Unexpected as error:
        print(f"FAILED: {error}")
        return 1
    return 1 if failed else 0


def arguments():
    parser = argparse.ArgumentParser(prog="infra/e2e/run", description=__doc__)
    parser.add_argument("--aws", action="store_true", help="deploy to the account of your credentials")
    parser.add_argument("--stack", metavar="NAME", help="the name of the stack there")
    parser.add_argument("--keep", action="store_true", help="leave it there")
    parser.add_argument("parameters", nargs="*", metavar="KEY=VALUE", help="parameters of template.yaml there")
    asked = parser.parse_args()
    if asked.aws != bool(asked.stack):
        parser.error("--aws and --stack NAME go together")
    if not asked.aws and (asked.parameters or asked.keep):
        parser.error("parameters and --keep go with --aws")
    if any("=" not in given for given in asked.parameters):
        parser.error("a parameter is KEY=VALUE")
    asked.parameters = dict(given.split("=", 1) for given in asked.parameters)
    if asked.aws and "EmailFrom" not in asked.parameters:
        parser.error("EmailFrom=ADDRESS is needed: SES sends from a verified address alone")
    return asked


def in_ministack(cleanup):
    """A shop on this machine."""
    emulator = cleanup.enter_context(MiniStack())
    # Nothing of the caller's own account is used, nor of their profile.
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CA_BUNDLE"):
        os.environ.pop(name, None)
    region = "eu-west-1"
    os.environ |= {
        "AWS_ENDPOINT_URL": emulator.url, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": region, "AWS_REGION": region,
        "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "NO_PROXY": "127.0.0.1,localhost",
        # What sam leaves behind goes with the rest.
        "TMPDIR": emulator.directory.name,
    }  # fmt: skip
    stack = stacks.Stack("order-ops-dev", "order-ops")
    stripe_secret, arn = stripe_secret_of(stack)
    # What README.md asks for before the first deployment: the domain of EmailFrom is known to SES.
    boto3.client("sesv2").create_email_identity(EmailIdentity="example.com")
    # With production's deployment groups.
    stack.deploy({"StripeWebhookSecretArn": arn, "GradualDeployments": "true"})
    done_by_hand = stacks.complete_in_ministack(stack)
    outputs = stack.outputs()
    host = f"http://{outputs['ApiId']}.execute-api.localhost:{emulator.port}"
    api = Api(host, jwt_secret(outputs), connect=f"127.0.0.1:{emulator.port}")
    shop = Shop(stack, api, stripe_secret, "customer-{}@example.com", emulator)
    shop.note(done_by_hand)
    return shop


def in_aws(asked, cleanup):
    """A shop in an account. Nobody's stack but the one made here is ever touched."""
    stack = stacks.Stack(asked.stack, asked.stack)
    if stack.exists():
        raise SystemExit(f"{stack.name} exists; this makes, and deletes, a stack of its own")
    print(f"-- account {boto3.client('sts').get_caller_identity()['Account']}, region {boto3.session.Session().region_name}")
    stripe_secret, arn = stripe_secret_of(stack)
    if not asked.keep:
        cleanup.callback(lambda: boto3.client("secretsmanager").delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True))
        cleanup.callback(lambda: stack.exists() and stack.delete())
    stack.deploy({"StripeWebhookSecretArn": arn} | asked.parameters)
    outputs = stack.outputs()
    # SES's own address for tests, which takes everything.
    return Shop(stack, Api(outputs["ApiUrl"], jwt_secret(outputs)), stripe_secret, "success+{}@simulator.amazonses.com", None)


def stripe_secret_of(stack):
    """What Stripe signs with in this stack: a secret made for it, and its ARN."""
    value = f"whsec_{secrets.token_hex(24)}"
    made = boto3.client("secretsmanager").create_secret(Name=stack.prefix(f"stripe-webhook-{secrets.token_hex(4)}"), SecretString=value)
    return value, made["ARN"]


def jwt_secret(outputs):
    """What the stack made to sign tokens with."""
    return boto3.client("secretsmanager").get_secret_value(SecretId=outputs["JwtSecretArn"])["SecretString"]


def go_through(shop):
    """Every flow; those that failed, and why."""
    failed = {}
    for title, flow in FLOWS:
        begun, checked = time.monotonic(), expect.checked
        try:
            flow(shop)
            print(f"   ok  {time.monotonic() - begun:5.1f} s  {expect.checked - checked:3} checks  {title}", flush=True)
        except expect.Unexpected as error:
            failed[title] = str(error)
        except Exception:
            failed[title] = traceback.format_exc()
        if title in failed:
            print(f"FAILED {time.monotonic() - begun:5.1f} s  {title}\n{failed[title]}", flush=True)
    return failed


def report(shop, failed, seconds):
    where = "MiniStack" if shop.emulator else "AWS"
    print(f"\n{len(FLOWS) - len(failed)} of {len(FLOWS)} flows, {expect.checked} checks, in {where}, {seconds:.0f} s")
    for note in dict.fromkeys(shop.notes):
        print(f"note: {note}")
    for title in failed:
        print(f"FAILED: {title}")


if __name__ == "__main__":
    sys.exit(main())

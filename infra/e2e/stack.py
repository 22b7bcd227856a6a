"""A stack: deployed with `sam deploy` from the template and the settings that every stage is deployed with, and taken down again."""

import re
import subprocess

import boto3
from botocore.exceptions import ClientError

import expect
import routes

STAGE = "dev"
NAME = re.compile(r"^[a-z][a-z0-9-]{1,19}$")


class Stack:
    """What one deployment consists of. `project` begins the names of everything in it."""

    def __init__(self, name, project):
        if not NAME.match(project):
            raise SystemExit(f"{project}: 2 to 20 lower-case letters, digits and hyphens, a letter first")
        self.name, self.project = name, project
        self.parameters = {"Project": project, "Stage": STAGE}

    def prefix(self, thing):
        """The name of a table, a queue, a function."""
        return f"{self.project}-{STAGE}-{thing}"

    def exists(self):
        try:
            boto3.client("cloudformation").describe_stacks(StackName=self.name)
            return True
        except ClientError as error:
            if "does not exist" in str(error):
                return False
            raise

    def deploy(self, parameters):
        """As README.md has it, under a name of its own, with these parameters and those of earlier deployments."""
        self.parameters |= parameters
        sam(
            "deploy", "--config-env", STAGE, "--stack-name", self.name, "--s3-prefix", self.name, "--no-confirm-changeset",
            "--no-progressbar", "--parameter-overrides", *(setting(*it) for it in self.parameters.items()),
        )  # fmt: skip

    def outputs(self):
        found = boto3.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"][0]
        return {row["OutputKey"]: row["OutputValue"] for row in found["Outputs"]}

    def resources(self):
        """Type and physical name of everything, nested stacks' too."""
        waiting, found = [self.name], []
        pages = boto3.client("cloudformation").get_paginator("list_stack_resources")
        while waiting:
            for page in pages.paginate(StackName=waiting.pop()):
                for row in page["StackResourceSummaries"]:
                    if row["ResourceType"] == "AWS::CloudFormation::Stack":
                        waiting.append(row["PhysicalResourceId"])
                    else:
                        found.append((row["ResourceType"], row["PhysicalResourceId"]))
        return found

    def delete(self):
        """All of it, with the tables and the bucket that a deleted stack of a shop would leave behind."""
        kept = [row for row in self.resources() if row[0] in ("AWS::DynamoDB::Table", "AWS::S3::Bucket")]
        sam("delete", "--stack-name", self.name, "--region", boto3.session.Session().region_name, "--no-prompts")
        for kind, name in kept:
            try:
                delete_table(name) if kind == "AWS::DynamoDB::Table" else delete_bucket(name)
            except ClientError as error:
                # Gone already, where a deployment was rolled back.
                if error.response["Error"]["Code"] not in ("ResourceNotFoundException", "NoSuchBucket"):
                    raise


def setting(name, value):
    """In quotes, as `sam deploy` cuts a value off at its first space otherwise."""
    quoted = value.replace('"', '\\"')
    return f'{name}="{quoted}"'


def sam(command, *arguments):
    print(f"-- sam {command}", flush=True)
    ran = subprocess.run(["sam", command, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if ran.returncode != 0:
        raise expect.Unexpected(f"sam {command} ended with {ran.returncode}:\n{ran.stdout[-6000:]}")


def delete_table(name):
    dynamodb = boto3.client("dynamodb")
    dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)
    dynamodb.get_waiter("table_exists").wait(TableName=name)
    dynamodb.delete_table(TableName=name)


def delete_bucket(name):
    bucket = boto3.resource("s3").Bucket(name)
    bucket.objects.all().delete()
    bucket.delete()


def complete_in_ministack(stack):
    """Makes what MiniStack left out of the stack, and says what that was."""
    return f"{routes.replay(stack.name)} routes made by hand, as MiniStack takes none from an OpenAPI body"

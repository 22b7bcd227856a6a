"""The routes of the API, which MiniStack leaves out.

SAM writes an HTTP API as an OpenAPI `Body`; CloudFormation makes routes and integrations of it, MiniStack makes none. So the Body
of the deployed template is read, and every route in it made by the API's own calls. Nothing is added that is not in there.
"""

import json
import re

import boto3

INVOKED = re.compile(r"/functions/\$\{(\w+)(?:\.Arn)?\}/invocations")
"""A function, or one of its aliases, in the address that API Gateway invokes it by."""


def replay(stack):
    """Makes what the stack's API is missing; how many routes."""
    gateway = boto3.client("apigatewayv2")
    resources = resources_of(stack)
    api, body = resources["Api"], template_of(stack)["Resources"]["Api"]["Properties"]["Body"]
    for route in gateway.get_routes(ApiId=api)["Items"]:
        gateway.delete_route(ApiId=api, RouteId=route["RouteId"])

    made = 0
    for path, operations in body["paths"].items():
        for method, operation in operations.items():
            integration = operation["x-amazon-apigateway-integration"]
            invoked = resources[INVOKED.search(integration["uri"]["Fn::Sub"])[1]]
            target = gateway.create_integration(
                ApiId=api,
                IntegrationType="AWS_PROXY",
                IntegrationUri=arn_of(invoked),
                PayloadFormatVersion=integration["payloadFormatVersion"],
            )["IntegrationId"]
            gateway.create_route(ApiId=api, RouteKey=key(path, method), Target=f"integrations/{target}")
            made += 1
    gateway.update_api(ApiId=api, CorsConfiguration=cors(stack, body["x-amazon-apigateway-cors"]))
    return made


def arn_of(invoked):
    """An alias is known by its ARN already, a function by its name."""
    if invoked.startswith("arn:"):
        return invoked
    return boto3.client("lambda").get_function(FunctionName=invoked)["Configuration"]["FunctionArn"]


def key(path, method):
    if path.lstrip("/") == "$default":
        return "$default"
    return f"{'ANY' if method == 'x-amazon-apigateway-any-method' else method.upper()} {path}"


def cors(stack, written):
    """In API Gateway's words; origins are a parameter."""
    rules = {name[0].upper() + name[1:]: value for name, value in written.items()}
    rules["AllowOrigins"] = parameters_of(stack)["CorsOrigins"].split(",")
    return rules


def resources_of(stack):
    """Physical names by logical ones."""
    pages = boto3.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
    return {row["LogicalResourceId"]: row["PhysicalResourceId"] for page in pages for row in page["StackResourceSummaries"]}


def parameters_of(stack):
    found = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    return {row["ParameterKey"]: row["ParameterValue"] for row in found["Parameters"]}


def template_of(stack):
    """As it was deployed, after SAM's transform."""
    template = boto3.client("cloudformation").get_template(StackName=stack, TemplateStage="Processed")["TemplateBody"]
    return json.loads(template) if isinstance(template, str) else template

"""Functions, layers, event sources, schedules and the HTTP API: what the laptop cloud runs itself.

Nothing of these is made in the emulator; each is noted in the inventory.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from local.inventory import AsyncPolicy, Clock, EventSource, FunctionSpec, Route
from local.makers.workshop import Properties, Workshop, code_path
from local.resolve import Made
from local.template import TemplateError

_METHODS = {"get", "put", "post", "delete", "patch", "head", "options"}
_UNIT_SECONDS = {"minute": 60, "minutes": 60, "hour": 3600, "hours": 3600}
# The laptop has few cores: more messages at once than this would only wait for each other.
_LAPTOP_CONCURRENCY = 4


def layer(shop: Workshop, logical: str, properties: Properties) -> Made:
    """Note where a layer's code is."""
    arn = shop.arn("lambda", f"layer:{logical}:1")
    shop.inventory.layers[arn] = code_path(logical, properties["Content"], "S3Bucket", "S3Key")
    return Made(arn, {"Arn": arn, "LayerVersionArn": arn})


def function(shop: Workshop, logical: str, properties: Properties) -> Made:
    """Note a function with its code, layers, environment and limits."""
    name = shop.physical(logical, properties.get("FunctionName"))
    layers = [shop.inventory.layers[arn] for arn in properties.get("Layers", [])]
    variables = properties.get("Environment", {}).get("Variables", {})
    spec = FunctionSpec(
        name=name,
        arn=shop.arn("lambda", f"function:{name}"),
        handler=properties["Handler"],
        timeout_seconds=int(properties.get("Timeout", 3)),
        memory_megabytes=int(properties.get("MemorySize", 128)),
        environment={key: _variable(value) for key, value in variables.items()},
        paths=(code_path(logical, properties["Code"], "S3Bucket", "S3Key"), *layers),
        may_recurse=properties.get("RecursiveLoop") == "Allow",
    )
    shop.inventory.functions[name] = spec
    return Made(name, {"Arn": spec.arn})


def _variable(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _function_name(reference: str) -> str:
    """Give the name in a function's name or ARN, without its version or alias."""
    parts = reference.split(":")
    return parts[6] if len(parts) > 6 else parts[0]


def event_source(shop: Workshop, logical: str, properties: Properties) -> Made:
    """Note an event source mapping."""
    scaling = properties.get("ScalingConfig", {})
    filters = properties.get("FilterCriteria", {}).get("Filters", [])
    shop.inventory.sources.append(
        EventSource(
            source_arn=properties["EventSourceArn"],
            function=_function_name(properties["FunctionName"]),
            batch_size=int(properties.get("BatchSize", 10)),
            window_seconds=float(properties.get("MaximumBatchingWindowInSeconds", 0)),
            partial_failures="ReportBatchItemFailures" in properties.get("FunctionResponseTypes", []),
            patterns=tuple(json.loads(entry["Pattern"]) for entry in filters),
            concurrency=min(int(scaling.get("MaximumConcurrency", 4)), _LAPTOP_CONCURRENCY),
            maximum_retries=int(properties.get("MaximumRetryAttempts", -1)),
            maximum_age_seconds=int(properties.get("MaximumRecordAgeInSeconds", -1)),
            bisect=str(properties.get("BisectBatchOnFunctionError", "")).lower() == "true",
            failure_arn=_failure_arn(properties),
        )
    )
    return Made(f"{shop.stack}-{logical}")


def _failure_arn(properties: Properties) -> str | None:
    destination = properties.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
    return None if destination is None else str(destination)


def invoke_policy(shop: Workshop, logical: str, properties: Properties) -> Made:
    """Note how a function's asynchronous invocations are repeated."""
    shop.inventory.async_policies[_function_name(properties["FunctionName"])] = AsyncPolicy(
        retries=int(properties.get("MaximumRetryAttempts", 2)),
        age_seconds=int(properties.get("MaximumEventAgeInSeconds", 21_600)),
    )
    return Made(f"{shop.stack}-{logical}")


def clock(shop: Workshop, logical: str, properties: Properties) -> Made:
    """Note a schedule of EventBridge Scheduler; only rates are in use."""
    expression = properties["ScheduleExpression"]
    match = re.fullmatch(r"rate\((\d+) (minutes?|hours?)\)", expression)
    if match is None:
        raise TemplateError(f"{logical}: the laptop cloud fires rate(...) only, not {expression}.")
    name = shop.physical(logical, properties.get("Name"))
    arn = shop.arn("scheduler", f"schedule/default/{name}")
    every = int(match[1]) * _UNIT_SECONDS[match[2]]
    if properties.get("State", "ENABLED") == "ENABLED":
        target = properties["Target"]
        shop.inventory.clocks.append(
            Clock(arn, _function_name(target["Arn"]), every, target.get("Input", "{}"))
        )
    return Made(name, {"Arn": arn})


def http_api(shop: Workshop, logical: str, properties: Properties) -> Made:
    """Note the routes of an HTTP API from the OpenAPI document that SAM makes of it."""
    for path, methods in properties["Body"]["paths"].items():
        shop.inventory.routes.extend(_routes(path, methods))
    return Made(logical.lower(), {"ApiEndpoint": f"https://{logical.lower()}.execute-api"})


def _routes(path: str, methods: dict[str, Any]) -> Iterator[Route]:
    for method, operation in methods.items():
        if method not in _METHODS and method != "x-amazon-apigateway-any-method":
            continue
        uri = operation["x-amazon-apigateway-integration"]["uri"]
        found = re.search(r"(arn:aws:lambda:[^/]+)/invocations", uri)
        if found is None:
            raise TemplateError(f"The route {path} leads to no function: {uri}.")
        yield Route(method.upper() if method in _METHODS else "ANY", path, _function_name(found[1]))

"""The tables as template.yaml declares them, made in moto: nothing about them is written twice."""

from functools import cache
from pathlib import Path

import yaml

TEMPLATE = Path(__file__).parents[2] / "template.yaml"
_CREATED_WITH = (
    "AttributeDefinitions",
    "KeySchema",
    "GlobalSecondaryIndexes",
    "BillingMode",
    "StreamSpecification",
)


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short tags as plain values; the tables' own shape uses none."""


def _plain(loader, _, node):
    if isinstance(node, yaml.ScalarNode):
        return loader.construct_scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node)
    return loader.construct_mapping(node)


_Loader.add_multi_constructor("!", _plain)


@cache
def declared():
    """Properties of every table by logical id."""
    resources = yaml.load(TEMPLATE.read_text(), Loader=_Loader)["Resources"]
    return {
        name: resource["Properties"]
        for name, resource in resources.items()
        if resource["Type"] == "AWS::DynamoDB::Table"
    }


def create(client):
    """Makes every table under its logical id."""
    for name, properties in declared().items():
        arguments = {key: properties[key] for key in _CREATED_WITH if key in properties}
        if "StreamSpecification" in arguments:
            arguments["StreamSpecification"] = {"StreamEnabled": True, **arguments["StreamSpecification"]}
        client.create_table(TableName=name, **arguments)

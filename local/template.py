"""Reads template.yaml and expands it as CloudFormation's SAM transform would, offline.

Local code paths travel through the transform in disguise, as the key of a bucket called `local`,
so that a function in the result still says where its code is.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from local.inventory import REGION

LOCAL_BUCKET = "local"
_CODE_PROPERTIES = {
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Serverless::LayerVersion": "ContentUri",
}


class TemplateError(Exception):
    """The template asks for something that cannot be provisioned as it stands."""


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short intrinsic functions."""


def _short_form(loader: _Loader, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short_form)
# CloudFormation's format version is a date to YAML and a string to everybody else.
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in rules if tag != "tag:yaml.org,2002:timestamp"]
    for first, rules in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class _NoManagedPolicies:
    """The transform asks for the ARNs of managed policies; without a map it builds them itself."""

    def load(self) -> dict[str, str]:
        return {}

    def get_managed_policy_map(self) -> dict[str, str]:
        return {}


def parse(text: str) -> dict[str, Any]:
    """Read CloudFormation YAML, short forms written out."""
    document = yaml.load(text, Loader=_Loader)
    if not isinstance(document, dict) or "Resources" not in document:
        raise TemplateError("The template has no Resources section.")
    return document


def expand(path: Path, parameters: Mapping[str, str]) -> dict[str, Any]:
    """Give the CloudFormation template that SAM makes of the file, its parameters set."""
    document = parse(path.read_text(encoding="utf-8"))
    unknown = sorted(set(parameters) - set(document.get("Parameters", {})))
    if unknown:
        raise TemplateError(f"{path.name} has no parameter {', '.join(unknown)}.")
    for name, value in parameters.items():
        document["Parameters"][name]["Default"] = value
    _disguise_code(document, path.parent)
    return _transform(document)


def _disguise_code(document: dict[str, Any], root: Path) -> None:
    shared = document.get("Globals", {}).get("Function", {})
    shared_code = shared.pop("CodeUri", None)
    for name, resource in document["Resources"].items():
        key = _CODE_PROPERTIES.get(resource["Type"])
        if key is None:
            continue
        properties = resource["Properties"]
        code = properties.get(key, shared_code if key == "CodeUri" else None)
        if not isinstance(code, str):
            raise TemplateError(f"{name} names no local folder in {key}.")
        folder = (root / code).resolve()
        if not folder.is_dir():
            raise TemplateError(f"{name}: {key} is {code}, but {folder} is not a folder.")
        properties[key] = f"s3://{LOCAL_BUCKET}/{folder}"


def _transform(document: dict[str, Any]) -> dict[str, Any]:
    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)
    # Imported here: the translator takes 0.4 s, and half of the commands do not need it.
    from samtranslator.model.exceptions import InvalidDocumentException  # noqa: PLC0415
    from samtranslator.translator.transform import transform  # noqa: PLC0415

    try:
        return dict(transform(document, {}, _NoManagedPolicies()))
    except InvalidDocumentException as error:
        causes = "; ".join(cause.message for cause in error.causes)
        raise TemplateError(f"SAM refuses the template: {causes}") from error

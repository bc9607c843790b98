"""KMS keys and their aliases, made in the emulator."""

import json

from local.makers.workshop import Properties, Workshop
from local.resolve import Made


def key(shop: Workshop, _logical: str, properties: Properties) -> Made:
    """Make a KMS key of the specification and usage that the template asks for."""
    made = shop.client("kms").create_key(
        # As text: moto takes a document too, and then fails to describe the key.
        Policy=json.dumps(properties["KeyPolicy"]),
        Description=properties.get("Description", ""),
        KeySpec=properties.get("KeySpec", "SYMMETRIC_DEFAULT"),
        KeyUsage=properties.get("KeyUsage", "ENCRYPT_DECRYPT"),
    )["KeyMetadata"]
    if str(properties.get("EnableKeyRotation", "")).lower() == "true":
        shop.client("kms").enable_key_rotation(KeyId=made["KeyId"])
    return Made(made["KeyId"], {"Arn": made["Arn"], "KeyId": made["KeyId"]})


def alias(shop: Workshop, _logical: str, properties: Properties) -> Made:
    """Give a key its alias."""
    name = properties["AliasName"]
    shop.client("kms").create_alias(AliasName=name, TargetKeyId=properties["TargetKeyId"])
    return Made(name)

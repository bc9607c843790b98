"""What every maker has at hand: the emulator's clients, the stack's name, the inventory it adds to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.emulator import client
from local.inventory import ACCOUNT, REGION, Inventory
from local.resolve import Made
from local.template import LOCAL_BUCKET, TemplateError

Properties = Mapping[str, Any]


@dataclass(slots=True)
class Workshop:
    """Makes clients once and remembers what was found."""

    endpoint: str
    stack: str
    inventory: Inventory = field(default_factory=Inventory)
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """Give the boto3 client of a service."""
        if service not in self._clients:
            self._clients[service] = client(service, self.endpoint)
        return self._clients[service]

    def physical(self, logical: str, given: Any = None) -> str:
        """Give the template's own name for a resource, or one as CloudFormation makes them."""
        return str(given) if given else f"{self.stack}-{logical}"

    def arn(self, service: str, resource: str) -> str:
        """Write the ARN of something in this account."""
        return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


Maker = Callable[[Workshop, str, Properties], Made]


def code_path(logical: str, code: Properties, bucket_key: str, object_key: str) -> Path:
    """Give the folder that `template.expand` hid in an S3 location."""
    if code.get(bucket_key) != LOCAL_BUCKET:
        raise TemplateError(f"{logical}: its code is not a local folder.")
    return Path("/" + str(code[object_key]).lstrip("/"))

"""`make build`: template → .aws-sam/build, ready for `sam deploy`; needs no Docker, no credentials, no account."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local.build import bundle, bytecode, interpreter, native
from local.build.error import BuildError
from local.template import parse

ROOT = Path(__file__).resolve().parents[2]
BUILT = ROOT / ".aws-sam" / "build"
NATIVE = ROOT / ".aws-sam" / "native"
LAYER = "CoreLayer"


def main() -> int:
    """Builds and checks; 0 when everything holds."""
    started = time.monotonic()
    try:
        _build(interpreter.find())
    except BuildError as failure:
        print(f"make build: {failure}", file=sys.stderr)
        return 1
    print(f"built in {time.monotonic() - started:.0f} s: .aws-sam/build is ready for `sam deploy`")
    return 0


def _build(python: Path) -> None:
    print(f"python {interpreter.VERSION}: found")
    _sam(python, "validate", "--lint")
    print("template: valid, nothing for the linter to say")
    _sam(python, "build")
    functions = _functions()
    layer = BUILT / LAYER
    compiled = bytecode.compile_tree(python, layer, "/opt")
    compiled += sum(bytecode.compile_tree(python, BUILT / name, "/var/task") for name in functions)
    print(f"compiled: {compiled} files, unchecked hash")
    print(f"arm64: {bundle.check_extensions(layer)} extensions, {bundle.check_tags(layer)} tagged wheels")
    print("sizes: " + bundle.check_sizes(layer, {name: BUILT / name for name in functions}))
    native.install(python, ROOT / "layers/core/requirements.txt", layer / "python", NATIVE)
    for name, handler in functions.items():
        native.import_handler(python, handler, BUILT / name, NATIVE)
    modules = native.import_everything(python, BUILT / next(iter(functions)), NATIVE)
    print(f"imports: {len(functions)} handlers, {modules} modules, here without network or credentials")


def _sam(python: Path, *arguments: str) -> None:
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([str(python.parent), os.environ.get("PATH", "")]),
        "SAM_CLI_TELEMETRY": "0",
        "AWS_DEFAULT_REGION": os.environ.get("AWS_DEFAULT_REGION", "eu-central-1"),
    }
    sam = Path(sys.executable).parent / "sam"
    outcome = subprocess.run(
        [str(sam), *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if outcome.returncode != 0:
        raise BuildError(f"`sam {' '.join(arguments)}` failed:\n{outcome.stdout}{outcome.stderr}")


def _functions() -> Mapping[str, str]:
    resources: Mapping[str, Any] = parse((BUILT / "template.yaml").read_text(encoding="utf-8"))["Resources"]
    return {
        name: resource["Properties"]["Handler"]
        for name, resource in resources.items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


if __name__ == "__main__":
    sys.exit(main())

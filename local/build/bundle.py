"""Looks at what was built: are compiled extensions for the right processor, and does it fit into Lambda?"""

from collections.abc import Mapping
from pathlib import Path

from local.build.error import BuildError

MEBIBYTE = 1024 * 1024
LIMIT_BYTES = 250 * MEBIBYTE
_ELF = b"\x7fELF"
_AARCH64 = 183  # e_machine of the ELF header


def machine_of(header: bytes) -> int | None:
    """The processor number of a little-endian ELF file's first twenty bytes; None when it is no ELF file."""
    return int.from_bytes(header[18:20], "little") if header[:4] == _ELF else None


def check_extensions(layer: Path) -> int:
    """Counts the arm64 extensions; BuildError names those made for something else, or says there are none."""
    extensions = sorted(path for path in layer.rglob("*.so*") if path.is_file())
    foreign = [str(path.relative_to(layer)) for path in extensions if machine_of(_head(path)) != _AARCH64]
    if foreign:
        raise BuildError(f"These extensions are not for arm64: {', '.join(foreign)}.")
    if not extensions:
        raise BuildError(f"{layer.name} holds no compiled extension, but cryptography always has one.")
    return len(extensions)


def check_tags(layer: Path) -> int:
    """Counts the wheels made for one platform; BuildError names those whose tags are not aarch64's."""
    wheels = {path.parent.name: _tags(path) for path in layer.rglob("*.dist-info/WHEEL")}
    bound = {name: tags for name, tags in wheels.items() if not all(tag.endswith("-any") for tag in tags)}
    foreign = [name for name, tags in bound.items() if not all(tag.endswith("_aarch64") for tag in tags)]
    if foreign or not bound:
        raise BuildError(f"Wheels with tags of another platform: {', '.join(foreign) or 'none is tagged'}.")
    return len(bound)


def check_sizes(layer: Path, functions: Mapping[str, Path]) -> str:
    """A line for people; BuildError when a function with its layer is larger than Lambda takes."""
    shared = _size(layer)
    sizes = {name: _size(folder) for name, folder in functions.items()}
    name, largest = max(sizes.items(), key=lambda entry: entry[1])
    total = f"{(shared + largest) / MEBIBYTE:.1f} of {LIMIT_BYTES // MEBIBYTE} MiB"
    if shared + largest > LIMIT_BYTES:
        raise BuildError(f"{name} and the layer take {total} unpacked.")
    return (
        f"layer {shared / MEBIBYTE:.1f} MiB, largest function {largest / MEBIBYTE:.2f} MiB: {total} unpacked"
    )


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(20)


def _tags(wheel: Path) -> list[str]:
    lines = wheel.read_text(encoding="utf-8").splitlines()
    return [line.removeprefix("Tag:").strip() for line in lines if line.startswith("Tag:")]


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())

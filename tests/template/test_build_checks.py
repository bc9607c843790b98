"""What `make build` refuses: no interpreter, stale bytecode, extensions for another processor, too large a bundle."""

import os
import py_compile
import sys
from pathlib import Path

import pytest

from local.build import bundle, bytecode, interpreter
from local.build.error import BuildError

AARCH64, X86_64 = 183, 62


def elf(machine):
    return b"\x7fELF" + bytes(14) + machine.to_bytes(2, "little")


def wheel(layer, name, tag):
    folder = layer / f"{name}.dist-info"
    folder.mkdir()
    (folder / "WHEEL").write_text(f"Wheel-Version: 1.0\nTag: {tag}\n")


def script(folder, text):
    folder.mkdir(parents=True)
    file = folder / "python3.13"
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return file


def test_a_shim_that_does_not_run_is_passed_over_for_a_real_interpreter(tmp_path):
    script(tmp_path / "shims", "exit 127")
    script(tmp_path / "old", "echo /old/python3.12 3.12")
    real = script(tmp_path / "pyenv" / "versions" / "3.13.9" / "bin", f"echo {tmp_path}/real/python3.13 3.13")
    path = os.pathsep.join([str(tmp_path / "shims"), str(tmp_path / "old")])
    found = interpreter.find({"PATH": path, "PYENV_ROOT": str(tmp_path / "pyenv")})
    assert real.exists()
    assert found == tmp_path / "real" / "python3.13"


def test_without_python_3_13_the_error_says_what_to_install(tmp_path):
    with pytest.raises(BuildError, match=r"pyenv install 3\.13.*make build"):
        interpreter.find({"PATH": str(tmp_path), "HOME": str(tmp_path)})


def test_compiled_files_are_never_compared_with_their_sources(tmp_path):
    module = tmp_path / "module.py"
    module.write_text("ANSWER = 42\n")
    py_compile.compile(str(module))
    assert bytecode.compile_tree(Path(sys.executable), tmp_path, "/var/task") == 1
    (compiled,) = tmp_path.rglob("*.pyc")
    assert bytecode.is_unchecked_hash(compiled.read_bytes()[:8])
    assert b"/var/task/module.py" in compiled.read_bytes()
    assert str(tmp_path).encode() not in compiled.read_bytes()


def test_a_compiled_file_that_goes_by_time_is_refused(tmp_path):
    (tmp_path / "module.py").write_text("ANSWER = 42\n")
    py_compile.compile(
        str(tmp_path / "module.py"), invalidation_mode=py_compile.PycInvalidationMode.TIMESTAMP
    )
    with pytest.raises(BuildError, match="1 files are checked"):
        bytecode.check_tree(tmp_path)


def test_a_source_that_does_not_compile_is_refused(tmp_path):
    (tmp_path / "module.py").write_text("def broken(:\n")
    with pytest.raises(BuildError, match="does not compile"):
        bytecode.compile_tree(Path(sys.executable), tmp_path, "/var/task")


def test_extensions_for_arm64_are_counted_and_others_refused_by_name(tmp_path):
    (tmp_path / "right.abi3.so").write_bytes(elf(AARCH64))
    assert bundle.check_extensions(tmp_path) == 1
    (tmp_path / "wrong.so").write_bytes(elf(X86_64))
    (tmp_path / "text.so").write_text("no ELF file at all")
    with pytest.raises(BuildError, match=r"not for arm64: text\.so, wrong\.so"):
        bundle.check_extensions(tmp_path)


def test_a_layer_without_any_extension_is_refused(tmp_path):
    with pytest.raises(BuildError, match="no compiled extension"):
        bundle.check_extensions(tmp_path)


def test_wheels_of_another_platform_are_refused_by_name(tmp_path):
    wheel(tmp_path, "pure", "py3-none-any")
    wheel(tmp_path, "right", "cp313-cp313-manylinux_2_17_aarch64")
    assert bundle.check_tags(tmp_path) == 1
    wheel(tmp_path, "wrong", "cp313-cp313-manylinux_2_17_x86_64")
    with pytest.raises(BuildError, match=r"another platform: wrong\.dist-info"):
        bundle.check_tags(tmp_path)


def test_sizes_are_told_and_a_bundle_that_lambda_would_refuse_is_named(tmp_path):
    layer, small = tmp_path / "layer", tmp_path / "small"
    for folder in (layer, small):
        folder.mkdir()
    (small / "handler.py").write_bytes(bytes(1024))
    with (layer / "large.bin").open("wb") as file:
        file.truncate(200 * bundle.MEBIBYTE)
    assert "layer 200.0 MiB" in bundle.check_sizes(layer, {"Small": small})
    with (small / "more.bin").open("wb") as file:
        file.truncate(50 * bundle.MEBIBYTE)
    with pytest.raises(BuildError, match=r"Small and the layer take 250\.0 of 250 MiB"):
        bundle.check_sizes(layer, {"Small": small})

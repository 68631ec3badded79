"""Benchmarks are run by hand, so what they import from the library is looked up here."""

import ast
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.conftest import ROOT

FILES = sorted((ROOT / "benchmarks").glob("*.py"))


def imported(file: Path) -> list[tuple[str, str]]:
    """The modules of the library that a file imports from, and the names."""
    nodes = [
        node for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.ImportFrom)
    ]
    return [
        (node.module, each.name)
        for node in nodes
        if node.module and node.module.split(".")[0] == "ipats_lib"
        for each in node.names
    ]


def exists(module: str, name: str) -> bool:
    return hasattr(import_module(module), name) or find_spec(f"{module}.{name}") is not None


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_a_benchmark_imports_exists(file):
    assert [one for one in imported(file) if not exists(*one)] == []


def test_a_name_that_is_gone_is_noticed():
    assert not exists("ipats_lib.frames", "CASE_TABLES")
    assert exists("ipats_lib", "frames")

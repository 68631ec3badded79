"""jsonschema's parser of addresses is built when an address is checked, not with every import."""

import json
import subprocess
import sys

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.xdist_group("engine")
ADDRESSES = {"http://a.org/ü": True, "no < address": False}
# What checks an address, and what uses the library by its own name.
USE = f"""
import json, jsonschema
checked = [jsonschema.FormatChecker().conforms(each, 'iri') for each in {list(ADDRESSES)!r}]
import rfc3987_syntax.utils, rfc3987_syntax as r
from rfc3987_syntax import parse
whole = r.utils.__name__, parse('iri', 'a:b').data, r.is_valid_syntax('iri', 'a:b')
print(json.dumps([checked, whole]))
"""


def in_a_new_process(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return done.stdout


@pytest.mark.parametrize(
    "imports",
    ["ipats_lib.publishing, altair, nbformat, papermill", "ipats_lib.report, altair"],
    ids=["a publication", "a notebook"],
)
def test_neither_notebooks_nor_charts_build_it(imports: str) -> None:
    assert in_a_new_process(f"import {imports}, sys; print('lark' in sys.modules)") == "False\n"


def test_an_address_is_checked_and_the_library_used_as_ever() -> None:
    late = in_a_new_process(f"import ipats_lib\n{USE}")
    assert late == in_a_new_process(USE)
    checked, _ = json.loads(late)
    assert checked == list(ADDRESSES.values())

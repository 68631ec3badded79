"""jsonschema's parser of addresses is built when an address is checked, not with every import."""

import subprocess
import sys

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.xdist_group("engine")


def in_a_new_process(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return done.stdout


def test_neither_notebooks_nor_charts_build_it() -> None:
    imports = "import ipats_lib.publishing, altair, nbformat, papermill, sys"
    assert in_a_new_process(f"{imports}; print('lark' in sys.modules)") == "False\n"


@pytest.mark.parametrize("address", ["http://a.org/ü", "no < address"])
def test_an_address_is_checked_as_ever(address: str) -> None:
    check = f"import jsonschema; print(jsonschema.FormatChecker().conforms({address!r}, 'iri'))"
    late = in_a_new_process(f"import ipats_lib.publishing; {check}")
    assert late == in_a_new_process(check)
    assert late == ("True\n" if "ü" in address else "False\n")


def test_the_whole_library_is_there_when_asked_for() -> None:
    use = (
        "import rfc3987_syntax.utils, rfc3987_syntax as r; from rfc3987_syntax import parse; "
        "print(r.utils.__name__, parse('iri', 'a:b').data, r.is_valid_syntax('iri', 'a:b'))"
    )
    late = in_a_new_process(f"import ipats_lib.publishing; {use}")
    assert late == in_a_new_process(use)

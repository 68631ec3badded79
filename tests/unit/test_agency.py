"""Who runs the site: `params/site.csv`."""

import pytest

from ipats_lib.errors import ParamsError
from ipats_lib.params import load_agency

HEAD = "setting,value,source\n"


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.setenv("IPATS_PARAMS", str(tmp_path))
    load_agency.cache_clear()
    yield tmp_path / "site.csv"
    load_agency.cache_clear()


def test_a_contact_may_be_blank(settings):
    settings.write_text(HEAD + "agency,Department of Work,x\ncontact,,x\n")
    assert (load_agency().agency, load_agency().contact) == ("Department of Work", "")


@pytest.mark.parametrize("lines", ["agency,A,x\n", "agency,A,x\ncontact,B,x\nlogo,C,x\n"])
def test_a_setting_that_is_missing_or_unknown_is_refused(settings, lines):
    settings.write_text(HEAD + lines)
    with pytest.raises(ParamsError, match=r"site\.csv: a setting is missing or unknown"):
        load_agency()

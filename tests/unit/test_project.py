"""The folders that an agency changes, and where they count."""

from ipats_lib.params import params_folder
from tests.conftest import ROOT, passed, publish


def test_init_says_that_a_checkout_reads_its_own_parameters(tmp_path):
    done = publish("init", tmp_path / "own")
    passed(done)
    assert "a checkout uses its own" in " ".join(done.stderr.split())
    assert {one.name for one in (tmp_path / "own").iterdir()} == {"params", "notebooks"}
    assert params_folder() == ROOT / "params"

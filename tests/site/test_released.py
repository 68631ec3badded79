"""What was published before is a named, hashed input of a publication."""

from ipats_lib.periods import Period
from ipats_lib.publishing.build import build
from ipats_lib.publishing.options import Options
from ipats_lib.publishing.site import Site
from ipats_lib.snapshot import make_snapshot
from tests.few import write_areas
from tests.site.whole_builds import PERIOD, stand


def test_a_record_is_left_is_an_input_of_the_linked_quarter_and_is_brought_back(extract, tmp_path):
    write_areas(tmp_path / "notebooks")
    snapshot = make_snapshot(extract, tmp_path / "store")
    site, records = Site(tmp_path / "site"), tmp_path / "store" / "released"
    told = []

    def publish(period):
        options = Options(
            tmp_path / "notebooks", site.root, period, only=("state", "lwia/90"), pool=stand,
            explain=lambda page, reasons: told.append((page, reasons)),
        )  # fmt: skip
        run = build(snapshot, options, lambda *_: None)
        return run, site.current_manifest(period.name)

    run, alone = publish(PERIOD)
    assert (run.released, alone.facts["released"]) == ((), "")
    report = site.root / PERIOD.name / "state" / "run.html"
    assert "the store has no record of PY2024Q2" in report.read_text()

    _, earlier = publish(Period.parse("PY2024Q2"))
    record = earlier.facts["record"]
    assert record.startswith("PY2024Q2-")
    assert (records / record).is_file()

    told.clear()
    run, linked = publish(PERIOD)
    assert (run.released, linked.facts["released"]) == ((record,), record)
    assert record in report.read_text()
    assert {"released"} <= {reason for _, reasons in told for reason in reasons}
    assert all("released" in parts for parts in linked.pages.values())
    assert publish(PERIOD)[0].unchanged

    (records / linked.facts["record"]).unlink()
    assert not publish(PERIOD)[0].unchanged
    assert (records / linked.facts["record"]).is_file()

"""The frames' schemas as data: what `frames.csv` and `columns.csv` may say."""

import shutil
from pathlib import Path

import pytest

from ipats_lib.errors import ParamsError
from ipats_lib.frames import schemas
from ipats_lib.frames.schema import SchemaError
from ipats_lib.frames.schemas import SCHEMAS, read_schemas
from ipats_lib.groups import load_groups
from ipats_lib.indicators.rules import INDICATORS

FOLDER = Path(schemas.__file__).parent


def test_a_column_without_a_kind_is_the_one_described_above():
    figures, history = (
        {c.name: c for c in SCHEMAS[name].columns} for name in ("figures", "history")
    )
    assert history["value"] == figures["value"]
    assert (history["value"].kind, history["value"].missing) == ("figure", True)


def test_the_frame_of_elements_has_what_decides_a_measure_and_every_kind_of_group():
    decided = sorted({number for rule in INDICATORS.values() for number in rule.decided_by})
    kinds = dict.fromkeys(group.dimension for group in load_groups())
    assert list(SCHEMAS["elements"].names) == ["row", "program", *decided, *kinds]


@pytest.mark.parametrize(
    ("file", "old", "new", "error", "says"),
    [
        ("columns.csv", "figures,id,code", "figures,id,cod", SchemaError, "columns.csv line 2: no"),
        ("columns.csv", "figures,id,code,,,,", "figures,id,code,,no,,", SchemaError, "line 2"),
        ("columns.csv", "figures,id,code,", "figures,id,,", SchemaError, "line 2: no such kind"),
        (
            "columns.csv",
            "figures,window,code,,,,",
            "figures,windows,code,,,,",
            SchemaError,
            "describes window",
        ),
        ("columns.csv", "frame,column", "frame,name", ParamsError, "expected the columns"),
        ("columns.csv", "figures,id,", "figure,id,", SchemaError, "not in frames.csv: figure."),
        ("frames.csv", "period|program|measure,", "period|programs,", SchemaError, "its key"),
        ("frames.csv", "customers,Customers,", "customers,", ParamsError, "expected 5 cells"),
    ],
)
def test_a_file_that_breaks_its_rules_is_refused(tmp_path, file, old, new, error, says):
    for path in FOLDER.glob("*.csv"):
        shutil.copy(path, tmp_path)
    text = (tmp_path / file).read_text()
    assert old in text
    (tmp_path / file).write_text(text.replace(old, new, 1))
    with pytest.raises(error, match=says):
        read_schemas(tmp_path)

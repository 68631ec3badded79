"""Importing DOL's published adjustment models.  Source: domain 3.5, 9.2 (the layout is assumed)."""

import csv
import os
import shutil
import time

import pytest

from ipats_lib.assessment.adjustment import adjustment_factor, load_adjustment
from ipats_lib.assessment.summaries import (
    import_models,
    load_layout,
    read_summary,
    unmapped,
)
from ipats_lib.errors import ParamsError, UsageError
from ipats_lib.groups import group_names
from ipats_lib.params import params_folder
from tests.conftest import publish

# Domain 3.5: PY2020, Adult, employment in the second quarter; the first five terms of Illinois.
ILLINOIS = [
    ("Female", "0.1302", "0.5525", "7.19%"),
    ("Age 25 to 44", "-0.0308", "0.5980", "-1.84%"),
    ("Age 45 to 54", "-0.1545", "0.1482", "-2.29%"),
    ("Age 55 to 59", "-0.0779", "0.0455", "-0.35%"),
    ("Age 60 or more", "-0.5993", "0.0238", "-1.43%"),
]
HEADER = ("Variable Type", "Variable", "Coefficient", "Pre-PY", "Variable Estimate0")


def said(level="78.2%", total="0.72", effect="0.063", state="Illinois", py=2020):
    return (
        f"<p>The PY {py} prediction of {level} for {state} for this performance indicator is "
        f"calculated by summing the Variable Estimate0 values (total of {total}) and the specific "
        f"state fixed effect for this model ({effect}).</p>"
    )


def row(*cells):
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"


def table(lines=ILLINOIS, header=HEADER):
    """As the summaries print it: the kind of the variables is one cell over all their rows."""
    head = "<tr>" + "".join(f"<th>{name}</th>" for name in header) + "</tr>"
    kind = f"<td rowspan='{len(lines)}'>Participant Characteristic</td>"
    first, *rest = (row(*line) for line in lines)
    body = first.replace("<tr>", f"<tr>{kind}", 1) + "".join(rest)
    return f"<table><thead>{head}</thead><tbody>{body}</tbody></table>"


def page(body, program="Adult", indicator="Employment Rate 2nd Quarter after Exit"):
    return f"<html><body><h1>{program}</h1><h3>{indicator}</h3>{body}</body></html>"


@pytest.fixture
def saved(tmp_path):
    def save(text):
        path = tmp_path / "summary.html"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return save


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "adjustment"


def test_a_table_is_read_as_printed(saved):
    (model,) = read_summary(saved(page(said() + table())))
    assert (model.program, model.indicator, model.py, model.state) == (
        "adult", "ERQ2", 2020, "Illinois",
    )  # fmt: skip
    assert [line.variable for line in model.lines] == [
        "Sex: Female", "Age: 25 to 44", "Age: 45 to 54", "Age: 55 to 59", "Age: 60 and over",
    ]  # fmt: skip
    assert [str(line.coefficient) for line in model.lines] == [row[1] for row in ILLINOIS]
    assert [str(line.before) for line in model.lines] == [row[2] for row in ILLINOIS]


@pytest.mark.parametrize(
    ("state", "total", "effect", "level"),
    [
        ("Illinois", ".720", ".063", "78.2%"), ("Michigan", ".848", ".030", "87.7%"),
        ("Wisconsin", ".671", ".119", "79.1%"), ("Minnesota", ".707", ".092", "79.9%"),
        ("Indiana", ".744", ".083", "82.7%"), ("Wyoming", ".834", ".017", "85.1%"),
        ("Connecticut", ".608", ".152", "76.1%"),
    ],
)  # fmt: skip
def test_the_level_is_the_printed_one_and_never_the_sum_of_its_rounded_parts(
    saved, state, total, effect, level
):
    """The parts of Illinois add up to 78.3, of Michigan to 87.8: printed are 78.2 and 87.7."""
    (model,) = read_summary(saved(page(said(level, total, effect, state) + table())))
    assert float(model.prediction) * 100 == pytest.approx(float(level[:-1]), abs=1e-12)


def test_what_is_imported_is_what_the_adjustment_reads(saved, folder, monkeypatch, tmp_path):
    path = saved(page(said() + table()))
    added = import_models(read_summary(path), path, 2020, "IL", folder)
    assert added == {"coefficients.csv": 5, "before.csv": 5, "predictions.csv": 1}
    shutil.copytree(params_folder(), tmp_path / "params")
    for name in added:
        shutil.copy(folder / name, tmp_path / "params" / "adjustment" / name)
    monkeypatch.setenv("IPATS_PARAMS", str(tmp_path / "params"))
    load_adjustment.cache_clear()
    model = load_adjustment()
    monkeypatch.undo()
    load_adjustment.cache_clear()
    assert model.predictions == {(2020, "IL", "adult", "ERQ2"): 0.782}
    before = {line[0]: float(line[2]) for line in ILLINOIS}
    shares = dict.fromkeys(group_names(), 0.0) | {
        "Sex: Female": before["Female"] + 0.10,
        "Age: 25 to 44": before["Age 25 to 44"],
        "Age: 45 to 54": before["Age 45 to 54"],
        "Age: 55 to 59": before["Age 55 to 59"],
        "Age: 60 and over": before["Age 60 or more"] + 0.01,
    }
    factor = adjustment_factor(model, 2020, "IL", "adult", "ERQ2", shares)
    assert factor.value == pytest.approx(0.10 * 0.1302 - 0.01 * 0.5993)


def test_importing_twice_adds_nothing_and_another_number_stops(saved, folder):
    path = saved(page(said() + table()))
    import_models(read_summary(path), path, 2020, "IL", folder)
    first = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert not any(import_models(read_summary(path), path, 2020, "IL", folder).values())
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == first
    other = [("Female", "0.1402", "0.5525", "7.75%"), *ILLINOIS[1:]]
    path = saved(page(said() + table(other)))
    with pytest.raises(UsageError, match=r"coefficients.csv line 2: .*another number"):
        import_models(read_summary(path), path, 2020, "IL", folder)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == first


def test_a_page_holds_a_table_for_each_program_and_indicator(saved, folder):
    """Median earnings are dollars; a heading of a program holds until the next one."""
    earnings = [
        ("Female", "-812.5", "0.5525", "-$448.91"),
        ("Unemployment", "-95.10", "4.1", "-$390"),
    ]
    text = (
        page(said() + table())
        + f"<h3>Median Earnings 2nd Quarter after Exit</h3>{said('$5,432')}{table(earnings)}"
        + f"<h1>Youth</h1><h3>Credential Attainment</h3>{table()}"
        + "<h1>Variables</h1><table><tr><th>Variable</th><th>Adult</th></tr></table>"
    )
    path = saved(text)
    models = read_summary(path)
    assert [(m.program, m.indicator) for m in models] == [
        ("adult", "ERQ2"), ("adult", "ME"), ("youth", "CR"),
    ]  # fmt: skip
    assert [m.prediction and float(m.prediction) for m in models] == [0.782, 5432.0, None]
    assert unmapped(models, group_names()) == ["Unemployment"]
    import_models(models, path, 2020, "IL", folder)
    lines = list(csv.DictReader((folder / "before.csv").read_text().splitlines()))
    assert {(line["program"], line["indicator"]) for line in lines} == {
        ("adult", "ERQ2"), ("adult", "ME"), ("youth", "CR"),
    }  # fmt: skip


def test_program_and_indicator_can_be_named_where_no_heading_does(saved):
    path = saved(table())
    with pytest.raises(UsageError, match="table 1: no heading before it names its program"):
        read_summary(path)
    (model,) = read_summary(path, "dw", "ERQ4")
    assert (model.program, model.indicator) == ("dw", "ERQ4")
    two = saved(table() + table())
    with pytest.raises(UsageError, match="holds 2 models"):
        read_summary(two, "dw", "ERQ4")


def test_domain_s_plain_columns_are_known_too_and_a_product_may_lack_its_percent_sign(saved):
    plain = ("Variable", "Coefficient", "Pre-year value", "Product")
    lines = "".join(row(*line[:3], line[3][:-1]) for line in ILLINOIS)
    text = f"<table><tr>{''.join(f'<th>{name}</th>' for name in plain)}</tr>{lines}</table>"
    (model,) = read_summary(saved(page(text)))
    assert len(model.lines) == 5
    assert model.prediction is None


def swapped(place, text):
    lines = [list(line) for line in ILLINOIS]
    lines[1][place] = text
    return page(table(lines))


HEADLESS = "<table><tr><td>1</td></tr></table>"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "no table has a column Coefficient"),
        ("<p>no table", "no table has a column Coefficient"),
        (page(HEADLESS), "no table has a column Coefficient"),
        (page("<script>" + table() + "</script>"), "no table has a column Coefficient"),
        (page("<!--" + table() + "-->"), "no table has a column Coefficient"),
        (b"\xff\xfe<table>", "is not UTF-8"),
        (page(table()) + "\0", "holds NUL bytes"),
        (page(table(header=(*HEADER[:4], "P-value"))), "column 'P-value' is not known"),
        (page(table(header=(*HEADER[:4], "Pre-PY"))), "two of its columns mean before"),
        (page(table(header=(*HEADER[:4], "=1+1"))), "column '=1.1' is not known"),
        (page(table(header=(*HEADER[:4], "x\x07" * 200))), r"column 'x\?x\?"),
        (page(f"<table>{row('Variable', 'Coefficient')}</table>"), "no column for before, product"),
        (page(f"<table>{row(*HEADER)}</table>"), "it has no row"),
        (page(f"<table>{row(*HEADER)}{row('a', 'Female', '1')}</table>"), "row 2: it has 3 cells"),
        (swapped(0, "Female"), "row 3: Sex: Female is there twice"),
        (swapped(0, ""), "row 3: '' is no variable's name"),
        (swapped(0, "=cmd()"), r"row 3: '=cmd\(\)' is no variable's name"),
        (swapped(0, "x" * 81), "row 3: 'x{40}...' is no variable's name"),
        (swapped(1, "much"), "row 3, coefficient: 'much' is no number"),
        (swapped(1, "nan"), "row 3, coefficient: 'nan' is no number"),
        (swapped(1, "1e999"), "row 3, coefficient: '1e999' is no number"),
        (swapped(1, "9" * 5000), "row 3, coefficient: '9{40}...' is no number"),
        (swapped(1, "\N{ARABIC-INDIC DIGIT ONE}"), "row 3, coefficient: '.' is no number"),
        (swapped(2, ""), "row 3, before: '' is no number"),
        (swapped(2, "--0.5"), "row 3, before: '--0.5' is no number"),
        (swapped(3, "-1.94%"), "row 3: the product of Age 25 to 44 is not that of"),
        (swapped(2, "<table></table>"), "it holds another table"),
        (page("<table><tr><td rowspan='1000000000'>x</table>"), "rowspan that is no number"),
        (page("<table><tr><td colspan='-1'>x</table>"), "colspan that is no number"),
        (page("<table><tr><td colspan='\u00b2'>x</table>"), "colspan that is no number"),
        (page("<table>" + row("x") * 2_001 + "</table>"), "more than 2000 rows"),
        (page("<table>" + row(*"x" * 51) + "</table>"), "more than 50 cells"),
        (page(table())[:-60].replace("</table>", ""), "it does not end"),
        (page("<![here" + table()), "it holds `<!\\[`, which is no HTML"),
        (page(table()) + page(table()), "adult ERQ2 has a table already"),
        (page(table(), program="Adult and Youth"), "no heading before it names its program"),
        (page(table(), indicator="Wages"), "no heading before it names its indicator"),
        (page(table(), program="Wagner-Peyser", indicator="Measurable Skill Gains"),
         "wp has no indicator MSG"),
        (page(said("much") + table()), "prediction: 'much' is no number"),
    ],
)  # fmt: skip
def test_a_hostile_page_ends_in_one_sentence(saved, text, named):
    path = saved(text)
    with pytest.raises(UsageError, match=named) as stopped:
        read_summary(path)
    message = str(stopped.value)
    assert message.startswith(str(path))
    assert message.isprintable()
    assert len(message) < 400


def test_deep_and_unclosed_markup_is_read_without_recursion(saved):
    text = "<div>" * 50_000 + page(said() + table().replace("</td>", "").replace("</tr>", ""))
    (model,) = read_summary(saved(text))
    assert len(model.lines) == 5


@pytest.mark.parametrize(
    "text",
    ["<!--", "<a ", "<script>", "</", "<![CDATA[", "&", "<td>", "<!", "<?", "<table", "<a '"],
)
def test_markup_that_never_ends_takes_no_time(saved, text):
    start = time.process_time()
    with pytest.raises(UsageError, match="no table has a column Coefficient"):
        read_summary(saved(text * 100_000))
    assert time.process_time() - start < 5


def test_a_script_that_holds_the_opening_of_a_comment_hides_no_table(saved):
    text = f"<script>x = '<!--'</script>{page(said() + table())}<!-- the end -->"
    assert len(read_summary(saved(text))) == 1


@pytest.mark.parametrize(
    ("prediction", "py", "named"),
    [
        (said(state="Wisconsin"), 2020, "summary of another state, not of Illinois"),
        (said(py=2018), 2020, "it is of PY2018, not of PY2020"),
        (said(py=2020), 2019, "it is of PY2020, not of PY2019"),
    ],
)
def test_the_summary_of_another_year_or_state_is_refused(saved, folder, prediction, py, named):
    path = saved(page(prediction + table()))
    with pytest.raises(UsageError, match=named):
        import_models(read_summary(path), path, py, "IL", folder)
    assert not folder.exists()


def test_the_states_values_are_no_lwias(saved, folder):
    """Without the sentence that names the state, a table may be of an LWIA."""
    path = saved(page(said() + table()))
    with pytest.raises(UsageError, match="its values are the state's"):
        import_models(read_summary(path), path, 2020, "07", folder)
    assert not folder.exists()
    path = saved(page(table()))
    import_models(read_summary(path), path, 2020, "07", folder)
    assert "2020,07,adult,ERQ2,Sex: Female,0.5525" in (folder / "before.csv").read_text()


def test_a_summary_is_good_for_the_year_after_it_too(saved, folder):
    path = saved(page(said(py=2020) + table()))
    import_models(read_summary(path), path, 2021, "IL", folder)
    assert "2021,IL,adult,ERQ2,0.782" in (folder / "predictions.csv").read_text()


@pytest.mark.parametrize("kind", ["absent", "folder", "fifo", "dangling"])
def test_only_a_regular_file_is_read(tmp_path, kind):
    path = tmp_path / "summary.html"
    {
        "absent": lambda: None,
        "folder": path.mkdir,
        "fifo": lambda: os.mkfifo(path),
        "dangling": lambda: path.symlink_to(tmp_path / "gone"),
    }[kind]()
    with pytest.raises(UsageError, match="summary.html"):
        read_summary(path)


@pytest.mark.parametrize(
    "line",
    ["column,variable,type,x", "column,P-value,chance,x", "program,All,every,x", "word,a,b,c",
     "column,P-value,type,"],
)  # fmt: skip
def test_a_faulty_line_of_the_layout_is_named(tmp_path, monkeypatch, line):
    shutil.copytree(params_folder(), tmp_path / "params")
    path = tmp_path / "params" / "adjustment" / "layout.csv"
    size = len(path.read_text().splitlines())
    path.write_text(path.read_text() + line + "\n")
    monkeypatch.setenv("IPATS_PARAMS", str(tmp_path / "params"))
    load_layout.cache_clear()
    with pytest.raises(ParamsError, match=f"layout.csv line {size + 1}"):
        load_layout()
    monkeypatch.undo()
    load_layout.cache_clear()


def test_the_layout_says_of_every_line_that_was_not_read_that_it_is_assumed():
    with (params_folder() / "adjustment" / "layout.csv").open() as file:
        sources = [line["source"] for line in csv.DictReader(file)]
    assert all("assumed" in source or "read as text" in source for source in sources)
    assert {name for part, names in load_layout().items() if part == "variable"
            for name in names.values()} <= set(group_names())  # fmt: skip


def test_the_command_imports_and_says_what_is_left_to_supply(saved, folder):
    lines = [*ILLINOIS, ("Unemployment rate", "-0.80", "0.04", "-3.20%")]
    path = saved(page(said() + table(lines)))
    done = publish("levels", "import-model", path, "--py", 2020, "--area", "IL", "--out", folder)
    assert done.returncode == 0, done.stderr
    assert "Imported PY2020 for IL: adult ERQ2." in done.stderr
    assert "for conditions.csv: Unemployment rate." in done.stderr
    bad = saved(page(table(header=(*HEADER[:4], "P-value"))))
    done = publish("levels", "import-model", bad, "--py", 2020, "--out", folder)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "column 'P-value' is not known" in done.stderr
    done = publish("levels", "import-model", path, "--py", 2020, "--area", "99", "--out", folder)
    assert done.returncode == 2
    assert "write IL or 07" in done.stderr

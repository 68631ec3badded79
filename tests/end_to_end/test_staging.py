"""`build --stage`, `diff --staged` and `show` by their command lines."""

import csv
import io
import shutil
from pathlib import Path

from tests.conftest import planner_of, publish

PERIOD = "PY2024Q4"


def test_a_publication_is_staged_looked_at_and_shown(planner_site, few, extract, store, tmp_path):
    site = Path(shutil.copytree(planner_site, tmp_path / "site", symlinks=True))
    notebooks = Path(shutil.copytree(few, tmp_path / "notebooks"))
    planner = planner_of(extract)
    page = site / PERIOD / planner / "performance" / "summary.html"
    changed = notebooks / "performance" / "summary.ipynb"

    def write(before: str, after: str) -> None:
        changed.write_text(changed.read_text().replace(before, after))

    def build(*words: str):
        place = ("--extract", extract, "--store", store, "--site", site, "--period", PERIOD)
        done = publish("build", *place, "--notebooks", notebooks, "--only", planner, *words)
        assert done.returncode == 0, done.stderr
        return done

    def told(command: str, *words: str):
        return publish(command, *words, "--period", PERIOD, "--site", site)

    assert "nothing had changed" in build("--stage").stderr
    assert told("show").returncode == 2
    write("# Summary", "# First look")
    done = build("--stage")
    assert "Staged " in done.stderr
    staged = Path(done.stdout.strip())
    assert "First look" in (staged / planner / "performance" / "summary.html").read_text()
    assert "First look" not in page.read_text()

    done = told("diff", "--staged")
    assert list(csv.DictReader(io.StringIO(done.stdout))) == []  # the words changed, no figure
    assert "Figures: 0 changed, 0 new, 0 gone" in done.stderr
    assert "performance/summary.html: another in 1 folder\n" in done.stderr
    assert told("diff").returncode == 2

    write("# First look", "# Second look")
    assert "What was staged of PY2024Q4 is out of date" in build().stderr
    assert "Second look" in page.read_text()
    assert told("show").returncode == 2

    write("# Second look", "# Third look")
    staged = Path(build("--stage").stdout.strip())
    done = told("show")
    assert (done.returncode, done.stdout.strip()) == (0, staged.name), done.stderr
    assert "Third look" in page.read_text()
    assert told("rollback").returncode == 0
    assert "Second look" in page.read_text()

"""What README and docs/ show and list: commands run, links lead somewhere, made pages are fresh.

Every command in a fenced block is run here, is run by the test that `ELSEWHERE` names, or is
listed in `NOT_RUN` with the reason. All of them are read by the command line's own parser.
"""

import importlib.util
import re
import shlex
import shutil
from functools import cache
from pathlib import Path, PurePath

import pytest
import typer
import yaml

from ipats_lib.command_line import app
from tests.conftest import ROOT, passed, publish

DOCS = ROOT / "docs"
PAGES = sorted({*DOCS.glob("*.md"), *DOCS.glob("reference/*.md"), *DOCS.glob("decisions/*.md")})
SHOWING = [ROOT / "README.md", *(page for page in PAGES if page.parent == DOCS)]
IPATS = "python publish.py "


@cache
def made() -> dict[str, str]:
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.pages()


@pytest.mark.parametrize(
    "name",
    ["data-dictionary", "decisions/index"]
    + [f"reference/{n}" for n in ("commands", "rules", "verbs")],
)
def test_a_page_that_is_made_from_the_code_is_fresh(name):
    kept = (DOCS / f"{name}.md").read_text(encoding="utf-8")
    assert kept == made()[f"{name}.md"], "run `make docs`"


def test_every_page_stands_once_in_the_menu_of_the_site():
    def listed(entries: list) -> list[str]:
        names = []
        for entry in entries:
            names += [entry] if isinstance(entry, str) else listed(entry["contents"])
        return names

    menu = listed(
        yaml.safe_load((DOCS / "_quarto.yml").read_text())["website"]["sidebar"]["contents"]
    )
    pages = {page.relative_to(DOCS).as_posix() for page in PAGES}
    decisions = {page for page in pages if re.match(r"decisions/\d", page)}
    assert len(menu) == len({*menu})
    assert {*menu} == pages - decisions


def test_the_page_of_architecture_names_every_room():
    rooms = {path.parent.name for path in (ROOT / "ipats_lib").glob("*/__init__.py")}
    named = set(re.findall(r"`(\w+)`", (DOCS / "architecture.md").read_text()))
    assert rooms <= named
    picture = (DOCS / "architecture.svg").read_text()
    assert set(re.findall(r"\w+", picture)) >= rooms - {"sample", "review"}


def anchor(heading: str) -> str:
    """As Quarto and GitHub name a heading's place."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")


@cache
def places(page: Path) -> set[str]:
    return {anchor(found) for found in re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)}


@pytest.mark.parametrize("page", [ROOT / "README.md", *PAGES], ids=lambda p: p.name)
def test_links_lead_to_files_and_headings_that_are_there(page):
    text = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith("http"):
            continue
        file, _, place = target.partition("#")
        there = page.parent / file if file else page
        assert there.exists(), target
        assert not place or there.suffix != ".md" or place in places(there), target


def commands(page: Path) -> list[str]:
    """The commands of a page's fenced blocks, each as one line without its remark."""
    found = []
    for kind, block in re.findall(
        r"^```(\w*)\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE
    ):
        if kind in ("", "sh", "bash"):
            lines = re.sub(r"\\\n\s*", " ", block).splitlines()
            found += [" ".join(re.sub(r"(^|\s)# .*", "", line).split()) for line in lines]
    programs = (
        r"(python publish\.py|make|dask|echo|pip|quarto|openssl|papermill|\.venv/bin/\w+) |0 5 "
    )
    return [line for line in dict.fromkeys(found) if re.match(programs, line)]


SHOWN = list(dict.fromkeys(line for page in SHOWING for line in commands(page)))
# What stands for the places of the documents; run in this order.
RUN = (
    "plan",
    "check",
    'new comparison/earnings --title "Earnings by area" --scopes state,lwia',
    "check comparison/earnings",
    "check --schema > ipats.schema.json",
    "snapshots list",
    "snapshots verify SNAPSHOT ...",
    "snapshots prune --keep 8 --site SITE",
    "snapshots diff OLDER NEWER --out changes.csv --scope lwia/07",
    "documents draw --extract SNAPSHOT --py 2024 --size 300 --seed 7 --out var/documents/2024",
    "documents results var/documents/2024 --out rates.csv",
)
TESTS = "tests/"
WALK = "end_to_end/test_demo_access.py::test_the_walk_through_access_ends_with_somebody_reading"
STAGED = "end_to_end/test_staging.py::test_a_publication_is_staged_looked_at_and_shown"
LIVE = (
    "end_to_end/test_live.py::test_a_save_changes_the_page_in_the_browser_and_a_fault_is_told_there"
)
FOUND = "spec/test_every_finding.py::test_the_command_says_by_its_exit_whether_errors_were_found"
ELSEWHERE = {
    "sample --out var/extract": "conftest.py::extract",
    "sample --out var/before --as-of": "conftest.py::site_with_earlier",
    "snapshot --extract": "conftest.py::site_with_earlier",
    "build --extract var/extract --period PY2024Q4 --site var/site": "conftest.py::built",
    "build --extract var/extract --period PY2024Q4 --site var/site --only": "conftest.py::site",
    "build --extract var/extract --period PY2024Q4 --site var/site --stage": STAGED,
    "diff --staged": STAGED,
    "show --period": STAGED,
    "rollback --period": STAGED,
    "preview": LIVE,
    "serve --unprotected": "end_to_end/test_preview.py::preview",
    "serve --site var/demo/site": WALK,
    "access": WALK,
    "audit verify": WALK,
    "indicators --extract": "end_to_end/test_numbers.py::test_every_figure_to_the_record",
    "selfcheck": "end_to_end/test_selfcheck.py::test_compressed_files_are_read_as_they_are",
    "validate --extract": FOUND,
    "worker --scheduler": "end_to_end/clusters.py::cluster",
    "build --scheduler": "end_to_end/clusters.py::building",
    "build --family": "site/test_family.py::place",
    "new comparison/moved": "notebooks/test_tutorial.py::followed",
    "papermill --engine ipats": "engine/test_command_line.py::papermill",
    ".venv/bin/hatchling build": "end_to_end/test_installed.py::place",
}
NOT_RUN = {
    "make test": "it runs this test",
    "make setup": "every verb does it first",
    "make demo": "minutes for the whole state; conftest.py runs its commands on a small one",
    "dask scheduler": "dask's own command; clusters of the tests start it by its classes",
    "echo ": "a part of the walk through access, which test_demo_access.py runs from the page",
    "0 5 * * 1": "a line of cron; site/test_family.py publishes a family alone",
    f"{IPATS}build --extract /data": "the same build with --packed: site/test_packed_builds.py",
    f"{IPATS}build --extract var/extract --period PY2024Q4 --site var/site --renderer quarto": (
        "it needs Quarto: `make quarto-check` runs it"
    ),
}


@pytest.mark.parametrize("line", SHOWN)
def test_a_command_that_is_shown_is_run_somewhere_or_has_a_reason(line):
    said = line.removeprefix(IPATS)
    if said in RUN or any(line.startswith(start) for start in NOT_RUN):
        return
    known = [start for start in ELSEWHERE if said.startswith(start)]
    assert known, f"run it here, or name the test that runs it: {line}"
    file, _, name = ELSEWHERE[max(known, key=len)].partition("::")
    text = (ROOT / TESTS / file).read_text(encoding="utf-8")
    assert f"def {name}(" in text
    if name not in WALK and file != "notebooks/test_tutorial.py":  # which reads its commands
        assert f'"{PurePath(said.split()[0]).name}"' in text, f"{file} does not run {said}"


def test_no_command_is_listed_that_no_document_shows():
    said = [line.removeprefix(IPATS) for line in SHOWN]
    assert [line for line in RUN if line not in said] == []
    assert [start for start in ELSEWHERE if not any(s.startswith(start) for s in said)] == []
    assert [start for start in NOT_RUN if not any(s.startswith(start) for s in SHOWN)] == []


def words_of(said: str) -> list[str]:
    return shlex.split(re.sub(r'"?\$\([^)]*\)"?', "2025-08-15", said.partition(" > ")[0]))


@pytest.mark.parametrize("line", [line for line in SHOWN if IPATS in line])
def test_a_command_that_is_shown_is_one_of_the_command_line(line):
    command, context = typer.main.get_command(app), None
    words = words_of(line.partition(IPATS)[2].partition(" | ")[0])
    while words and (inner := getattr(command, "commands", {}).get(words[0])):
        command, words = inner, words[1:]
    context = command.make_context("publish.py", words, resilient_parsing=False)
    assert context.command is command


def test_what_no_other_test_runs_runs_as_it_is_shown(extract, store, few_site, tmp_path):
    """As written, in a folder of its own, with the places of the tests."""
    kept = publish("snapshot", "--extract", extract, "--store", store)
    passed(kept)
    snapshot = Path(kept.stdout.strip())
    own = tmp_path / "store"
    shutil.copytree(snapshot, own / snapshot.name)
    notebooks = Path(shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks"))
    stands = {
        "SNAPSHOT": snapshot, "OLDER": snapshot, "NEWER": snapshot, "SITE": few_site, "...": "",
    }  # fmt: skip
    store_of = {"list": own, "prune": own}
    for said in RUN:
        words = [stands.get(word, word) for word in words_of(said)]
        words = [tmp_path / w if re.match(r"var/|\w+\.csv$", str(w)) else w for w in words if w]
        if words[0] in ("plan", "check", "new") and "--schema" not in words:
            words += ["--notebooks", notebooks]
        words += ["--store", store_of[words[1]]] if len(words) > 1 and words[1] in store_of else []
        done = publish(*words)
        assert done.returncode == 0, (said, done.stderr)
    assert (notebooks / "comparison" / "earnings.ipynb").is_file()
    assert (tmp_path / "rates.csv").is_file()
    assert snapshot.name in {path.name for path in own.iterdir()}

"""Two threads of one process run notebooks at a time, and other libraries are as they were."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import papermill.engines
import pytest
from nbformat import ValidationError
from nbformat.v4 import nbbase
from papermill.engines import NotebookExecutionManager
from tqdm.std import tqdm

from ipats_lib.publishing.engine import IpatsEngine
from ipats_lib.publishing.engine.steady_client import SteadyClient
from tests.engine.conftest import notebook


def test_the_first_to_end_puts_nothing_back_that_the_second_needs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = papermill.engines.dateutil, tqdm.monitor_interval
    entered = {name: Event() for name in "ab"}
    may_end = {name: Event() for name in "ab"}
    seen: list[Any] = []

    def managed(cls: Any, manager: NotebookExecutionManager, kernel_name: str, **_: Any) -> None:
        name = manager.nb.cells[0].source
        entered[name].set()
        may_end[name].wait(10)
        seen.append((papermill.engines.dateutil is before[0], tqdm.monitor_interval))

    monkeypatch.setattr(IpatsEngine, "execute_managed_notebook", classmethod(managed))
    with ThreadPoolExecutor(2) as threads:
        runs = {}
        for name in "ab":
            made = notebook(name)
            made.metadata["papermill"] = {}
            runs[name] = threads.submit(
                IpatsEngine.execute_notebook, made, "python3", progress_bar=False
            )
            entered[name].wait(10)
        for name in "ab":
            may_end[name].set()
            runs[name].result(10)
    assert seen == [(False, 0), (False, 0)]
    assert (papermill.engines.dateutil, tqdm.monitor_interval) == before


def message(data: dict[str, Any]) -> dict[str, Any]:
    content = {"data": data, "metadata": {}}
    return {"msg_type": "display_data", "header": {"msg_type": "display_data"},
            "parent_header": {}, "content": content}  # fmt: skip


def client() -> SteadyClient:
    made = notebook("1")
    made.metadata["papermill"] = {}
    made_for = SteadyClient(NotebookExecutionManager(made, progress_bar=False))
    made_for.clear_before_next_output = False
    return made_for


def test_an_output_that_needs_no_check_spares_no_other_threads_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real, inside, may_end = nbbase.validate, Event(), Event()
    new_output = nbbase.new_output

    def slow(*arguments: Any, **options: Any) -> Any:
        if options.get("data") == {"text/plain": "plain"}:
            inside.set()
            may_end.wait(10)
        return new_output(*arguments, **options)

    monkeypatch.setattr(nbbase, "new_output", slow)
    with ThreadPoolExecutor(1) as threads:
        plain = threads.submit(client().output, [], message({"text/plain": "plain"}), None, 0)
        inside.wait(10)
        with pytest.raises(ValidationError):
            client().output([], message({"text/plain": 5}), None, 0)
        may_end.set()
        assert plain.result(10).data == {"text/plain": "plain"}
    assert nbbase.validate is real

"""The floor of `engine.py`: notebooks' code run as plain functions, no notebook at all."""

import ast
import os
import tempfile
from functools import lru_cache
from pathlib import Path


def floor(jobs: list, folder: Path, workers: int) -> None:
    from ipats_lib.publishing.workers import local_workers

    with local_workers(workers) as pool:
        bodies = [pool.submit(plain_body, job) for job in jobs]
        for number, body in enumerate(each.result() for each in bodies):
            (folder / f"floor{number}.html").write_text(body)


def plain_body(job) -> str:
    """The notebook's statements and shown values, without papermill, cells or a shell."""
    import IPython.display
    import nbformat

    from ipats_lib.publishing.render import render_body
    from ipats_lib.report.show.files import DOWNLOADS_FOLDER

    os.environ["IPATS_CHARTS"] = "live"
    with tempfile.TemporaryDirectory() as folder:
        for name, content in job.files.items():
            (Path(folder) / name).write_bytes(content)
        (Path(folder) / "downloads").mkdir()
        os.environ[DOWNLOADS_FOLDER] = str(Path(folder) / "downloads")
        notebook = nbformat.reads(job.notebook, as_version=4)
        shown: list = []
        names = {"scope": job.scope, "period": job.period, "snapshot": folder}
        IPython.display.display = lambda *objects: shown.extend(objects)
        names["display"] = IPython.display.display
        for cell in notebook.cells:
            if cell.cell_type != "code" or "parameters" in cell.metadata.get("tags", []):
                continue
            tree = ast.parse(cell.source)
            last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
            exec(compile(tree, "cell", "exec"), names)
            if last is not None:
                answer = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
                shown += [answer] if answer is not None else []
            outputs = [nbformat.v4.new_output("display_data", data=bundle(one)) for one in shown]
            cell.outputs = outputs
            shown.clear()
        return render_body(notebook).html


def bundle(shown: object) -> dict:
    """What a shell would send of an object."""
    return formatter().format(shown)[0]


@lru_cache
def formatter():
    from IPython.core.formatters import DisplayFormatter

    return DisplayFormatter()

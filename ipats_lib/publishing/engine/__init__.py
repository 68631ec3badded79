"""The warm engine: each notebook runs in a child forked from a clean process that is warm.

    papermill.execute_notebook(source, target, engine_name="ipats", timeout=600, memory_mb=4096)

The first notebook starts the warm process; each later one costs little more than its own cells.
Where forking is unsafe, an ordinary kernel runs the notebook under the same limits.
"""

import papermill  # noqa: F401  # first: it looks for IpatsEngine while it is imported

"""The warm engine: each notebook runs in a child forked from a clean process that is warm.

papermill.execute_notebook(source, target, engine_name="ipats", timeout=600, memory_mb=4096)
"""

import papermill  # noqa: F401  # first: it looks for IpatsEngine while it is imported

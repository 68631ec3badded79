"""The warm engine: papermill.execute_notebook(source, target, engine_name="ipats", timeout=600)."""

import papermill  # noqa: F401  # first: it looks for IpatsEngine while it is imported

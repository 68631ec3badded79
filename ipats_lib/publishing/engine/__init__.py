"""The warm engine: notebooks run in children forked from a process that has imported everything."""

from typing import Any


def __getattr__(name: str) -> Any:
    if name == "IpatsEngine":
        import papermill.engines  # noqa: F401

        from ipats_lib.publishing.engine.papermill_engine import IpatsEngine

        return IpatsEngine
    raise AttributeError(name)

"""Papermill engine (placeholder while the warm engine is being built)."""

from papermill.engines import NBClientEngine


class IpatsEngine(NBClientEngine):
    """Ordinary kernel for now."""

"""A run of a notebook that gave no page: which one, where and why, without a value of a record."""

from typing import Any

from ipats_lib.errors import NotebookError


class RunFailed(NotebookError):  # noqa: N818  (a run that failed, not a kind of error)
    """Its text is a whole sentence.

    label: notebook and scope. reason: a class of error, or a few words. cell: counted from 0,
    None when it was no cell that failed.
    """

    def __init__(self, said: str, label: str, reason: str, cell: int | None = None) -> None:
        super().__init__(said, label, reason, cell)  # all of it, so that it can be pickled
        self.said, self.label, self.reason, self.cell = said, label, reason, cell

    def __str__(self) -> str:
        return self.said

    def facts(self) -> dict[str, Any]:
        """For operators' logs."""
        notebook, _, scope = self.label.partition(" for ")
        return {"notebook": notebook, "scope": scope, "cell": self.cell, "reason": self.reason}

"""What a publication consists of: which notebook for which scope becomes which file."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from ipats_lib.errors import UsageError
from ipats_lib.scopes import Scope

if TYPE_CHECKING:
    from ipats_lib.publishing.catalogue import Notebook


@dataclass(frozen=True)
class Page:
    """One notebook executed for one scope: one page, or the several that it is split into."""

    notebook: "Notebook"
    scope: Scope

    @property
    def source(self) -> Scope:
        """The scope that the notebook is run for: a planner's LWIA where both see the same."""
        shared = self.notebook.shared and self.scope.kind == "planner"
        return Scope(self.scope.lwia) if shared else self.scope

    @cached_property
    def path(self) -> PurePosixPath:
        """The first page's file inside the period's folder."""
        return self.paths[0]

    @cached_property
    def paths(self) -> tuple[PurePosixPath, ...]:
        """Every page's file; their scope's folder is the access boundary."""
        scope = PurePosixPath(self.scope.path)
        return tuple(scope / file for file, _ in self.notebook.pages(self.scope.kind))

    def beside(self, download: str) -> PurePosixPath:
        """The file of a download."""
        return PurePosixPath(self.scope.path) / self.notebook.family / download

    @property
    def label(self) -> str:
        return f"{self.notebook.key} for {self.scope.path}"


def choose_scopes(known: Sequence[Scope], only: Iterable[str]) -> tuple[Scope, ...]:
    """The scopes to publish: all, or each named one with the scopes inside it.

    UsageError when a named scope is not among the known ones.
    """
    wanted = [Scope.parse(path) for path in only]
    for scope in wanted:
        if scope not in known:
            raise UsageError(f"Scope '{scope}' is not in this extract.")
    if not wanted:
        return tuple(known)
    return tuple(
        scope
        for scope in known
        if any(chosen == scope or _inside(chosen, scope) for chosen in wanted)
    )


def _inside(chosen: Scope, scope: Scope) -> bool:
    """`--only state` means the state's own pages, not the whole site."""
    return chosen.kind != "state" and chosen.contains(scope)


def plan_publication(catalogue: Iterable["Notebook"], scopes: Iterable[Scope]) -> tuple[Page, ...]:
    """Every page of the publication, scope by scope."""
    notebooks = tuple(catalogue)
    return tuple(
        Page(notebook, scope)
        for scope in scopes
        for notebook in notebooks
        if scope.kind in notebook.scopes
    )

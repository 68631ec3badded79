"""A condition on records, written as text in a file of `params/`.

It is written with `and`, `or`, `not`, comparisons, `+` and `-`, `in (1, 2)`, names, and functions
of elements by number: `filled(901) and code(1300) == 1`. A function of several elements answers for
each of them; `any(...)` says whether one of the answers holds, `count(...)` how many. Nothing else
is understood, so a file can ask of records and do nothing.
"""

import ast
import operator
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np

from ipats_lib.cohorts import Mask, View

Name = Callable[[View], Any]
"""What a name means for the records of a view: one value of each, or one of all."""
Function = Callable[[View, str], Any]
"""What a function says of one element of the records of a view."""
Condition = Callable[[View], Mask]

_SIGNS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Not: np.logical_not,
    ast.And: np.logical_and,
    ast.Or: np.logical_or,
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: np.isin,
    ast.NotIn: lambda values, codes: ~np.isin(values, codes),
}
_OVER_SEVERAL: dict[str, Callable[..., Any]] = {"any": np.any, "count": np.sum}


def filled(view: View, element: str) -> Mask:
    """Whether a date element is filled."""
    return ~np.isnat(view.day(element))


FUNCTIONS: dict[str, Function] = {"code": View.code, "day": View.day, "filled": filled}


def read_condition(
    text: str, names: Mapping[str, Name], functions: Mapping[str, Function], elements: Set[str]
) -> Condition:
    """The condition that a text says; ValueError names what in it is not understood.

    elements: those that functions may ask for, which the records have.
    """
    asked = read_value(text, names, functions, elements)
    return lambda view: np.asarray(asked(view), dtype=np.bool_)


def read_value(
    text: str, names: Mapping[str, Name], functions: Mapping[str, Function], elements: Set[str]
) -> Name:
    """The value that a text in these words says, such as `day(901)`; else as `read_condition`."""
    try:
        return _Reader(names, functions, elements).visit(ast.parse(text, mode="eval").body)
    except SyntaxError:
        raise ValueError(f"{text!r} is no condition") from None


@dataclass(frozen=True)
class _Reader(ast.NodeVisitor):
    """What each part of a condition means; ValueError for any part that has no method here."""

    names: Mapping[str, Name]
    functions: Mapping[str, Function]
    elements: Set[str]

    def generic_visit(self, node: ast.AST) -> Name:
        raise ValueError(f"{ast.unparse(node)!r} is not understood")

    def visit_Constant(self, node: ast.Constant) -> Name:
        return (lambda _: node.value) if type(node.value) is int else self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> Name:
        return self.names.get(node.id) or self.generic_visit(node)

    def visit_Tuple(self, node: ast.Tuple) -> Name:
        parts = [self.visit(part) for part in node.elts]
        return lambda view: [part(view) for part in parts]

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Name:
        return self._joined(node, node.op, node.operand)

    def visit_BoolOp(self, node: ast.BoolOp) -> Name:
        return self._joined(node, node.op, *node.values)

    def visit_BinOp(self, node: ast.BinOp) -> Name:
        return self._joined(node, node.op, node.left, node.right)

    def visit_Compare(self, node: ast.Compare) -> Name:
        if len(node.ops) > 1:  # a < b < c
            return self.generic_visit(node)
        return self._joined(node, node.ops[0], node.left, *node.comparators)

    def _joined(self, node: ast.expr, sign: ast.AST, *nodes: ast.expr) -> Name:
        act, (first, *others) = _SIGNS.get(type(sign)), [self.visit(part) for part in nodes]
        if act is None:
            return self.generic_visit(node)
        if not others:
            return lambda view: act(first(view))
        return lambda view: reduce(act, (other(view) for other in others), first(view))

    def visit_Call(self, node: ast.Call) -> Name:
        if not isinstance(node.func, ast.Name) or node.keywords or not node.args:
            return self.generic_visit(node)
        if (over := _OVER_SEVERAL.get(node.func.id)) and len(node.args) == 1:
            asked = self.visit(node.args[0])
            return lambda view: over(asked(view), axis=0)
        function, elements = self.functions.get(node.func.id), [*map(ast.unparse, node.args)]
        if function is None or not {*elements} <= self.elements:
            return self.generic_visit(node)
        if len(elements) == 1:
            return lambda view: function(view, elements[0])
        return lambda view: np.array([function(view, element) for element in elements])

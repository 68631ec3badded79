"""Imported once, by the server process that every local worker is forked from.

It warms the engine and compiles the templates, and never holds a scope's data.
"""

from ipats_lib.publishing.engine import warm_up

warm_up()

from ipats_lib.publishing import execute  # noqa: E402  # after the engine has set its limits

execute.render_nothing()

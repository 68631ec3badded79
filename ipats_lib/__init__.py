"""IPATS: WIOA performance figures from an IWDS extract, to the record."""

from importlib.metadata import version

from ipats_lib.late_import import put_off_address_syntax

__version__ = version("ipats")
put_off_address_syntax()  # before any module, or a notebook, imports altair or nbformat

"""IPATS: WIOA performance figures from an IWDS extract, to the record."""

from importlib.metadata import version

__version__ = version("ipats")

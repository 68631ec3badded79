"""A synthetic Illinois: an extract as IWDS would hand it over, with no real person in it.

Used by `publish.py sample`, the notebooks' default parameters and the tests.
"""

from ipats_lib.sample.write import AS_OF, write_sample

__all__ = ["AS_OF", "write_sample"]

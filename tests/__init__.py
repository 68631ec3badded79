import os
import sys

# Some machines ask Python to write no bytecode. Then each worker rewrites all tests anew, and each
# command compiles the library.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

import ipats_lib  # noqa: E402, F401  (puts off an import of nbformat's that takes a second of CPU)

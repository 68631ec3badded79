"""A notebook from standard input without its outputs, where there is no nbstripout yet."""

import json
import sys

data = sys.stdin.buffer.read()
notebook = json.loads(data)
cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
if any(cell["outputs"] or cell["execution_count"] is not None for cell in cells):
    for cell in cells:
        cell["outputs"], cell["execution_count"] = [], None
    data = (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()
sys.stdout.buffer.write(data)

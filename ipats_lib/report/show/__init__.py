"""What a notebook shows: at most ten verbs, each a module of its own (decision 0014)."""

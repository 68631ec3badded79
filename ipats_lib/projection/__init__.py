"""What can still change in a figure, and what it would take (pure functions)."""

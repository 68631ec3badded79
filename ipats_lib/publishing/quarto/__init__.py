"""Quarto websites in place of our own frame: one project a scope (decision 0031)."""

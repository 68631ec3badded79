"""Negotiated and adjusted levels, and how a figure stands against them (domain 3)."""

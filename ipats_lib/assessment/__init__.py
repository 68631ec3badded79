"""The assessment: scores against levels, what fails, and what follows (domain 3)."""

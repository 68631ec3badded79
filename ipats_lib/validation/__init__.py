"""Rules as data, predicates as small functions, findings with severity and reason."""

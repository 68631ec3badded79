"""Text in, typed columns out: an extract's folder, its files, their headers and cells."""

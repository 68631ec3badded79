"""One module per verb; `ipats_lib.report.show` loads each on first use."""

"""One module per vendor; each holds `DIALECTS`, its generations and variants."""

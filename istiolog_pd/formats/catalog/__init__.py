"""The entries of the catalog, data only: one module per topic, each with a list `FORMATS`."""

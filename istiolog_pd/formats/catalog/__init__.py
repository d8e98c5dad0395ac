"""The entries of the catalogue, data only: one module per topic, each with a list `FORMATS`."""

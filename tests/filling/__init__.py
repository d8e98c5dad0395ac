"""The oracle of the catalog: format tables filled with values whose columns are written beside them.

Nothing here uses the catalog or its parsing: a `Sample` is a printed text and, as plain data, the
columns that it must give (the glossary of the schema). `cases(row)` fills a row of `tests/formats`.
"""

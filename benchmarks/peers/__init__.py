"""The contenders: each module reads a log (`read`) and shows what it found in one form (`table`).

`read` gives what the tool itself ends with; only that is timed. `table` makes it comparable.
"""

r"""The second tier of the catalog: every log statement of Istio, Envoy and ztunnel, as data.

`verdicts.tsv` says what a line means to an operator. Its columns, parted by tabs (in a text a tab is
``\t``, a newline ``\n``, a backslash ``\\``):

``statement``
    The format string, exactly as in the column `statement` of the event table. Empty: the row is
    for every statement of its event (and level) that no row names by its text.
``event``, ``level``
    Empty: any. A statement that means one thing at `info` and another at `error` has a row for each.
``verdict``
    ``harmless``, ``look`` or ``act``.
``why``
    One sentence: what happened, and why it is (or is not) to be acted on.
``reference``
    The source file (``pilot/pkg/xds/ads.go``) or the issue (``istio/istio#12345``) that supports it.
"""

"""`istiolog summary`: logs summed up on one screen."""

from __future__ import annotations

from istiolog_pd.cli._helpers import in_python, load_logs, told
from istiolog_pd.cli.options import AccessFormat, Sources, Whose
from istiolog_pd.cli.terminal import show

PYTHON = in_python(
    "from istiolog_pd.inspect.summary import summarize", 'summarize(istiolog_pd.load("istiod.log"))["answers"]'
)


def summary(sources: Sources, component: Whose = None, access_log_format: AccessFormat = None) -> None:
    """Sum up logs: sources, events, headline answers."""
    from istiolog_pd.inspect.summary import summarize

    with told():
        for title, table in summarize(load_logs(sources, component, access_log_format)).items():
            if len(table):
                show(table, title)

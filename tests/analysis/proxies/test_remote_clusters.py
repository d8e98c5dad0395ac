"""Remote clusters: every line of every version that tells of one, as the source of Istio prints it."""

from __future__ import annotations

import io
import re

import pytest
from filling.source import table, unescaped

import istiolog_pd as il
from istiolog_pd import analysis
from istiolog_pd.analysis.proxies.remote_clusters import SAID

#: What lines are of, by words of them; the first that fits.
STATES = {
    r"failed to sync after|timed out|Timed out": "timed out",
    r"failed to sync|watch error|does not exist": "failing",
    r"(?:^Deleting|been deleted)": "removed",
    r"synced|has been (?:added|replaced)": "synced",
    r"starting to sync|^Initializing": "syncing",
    r"^(?:Add|Updat)": "added",
}


def filled(row: dict[str, str]) -> str:
    """The message of a statement about the cluster `east`, with its labels."""
    names = iter(re.split(r",\s*", re.split(r" \[| \|\| ", row["args"])[0]))

    def value(verb: re.Match[str]) -> str:
        name = next(names, "").lower()
        for part, text in (("err", "dial tcp 10.0.0.1:443: refused"), ("secret", "istio-system/east"), ("time", "30s")):
            if part in name:
                return text
        text = "Add" if name == "action" else "Kubernetes" if "provider" in name else "east"
        return f'"{text}"' if verb[0] == "%q" else text

    labels = [label.partition("=")[0] for label in row["labels"].split(",") if label]
    said = " ".join(f"{label}={'east' if 'cluster' in label else 'istio-system/east'}" for label in labels)
    return re.sub(r"%[+#]?[vsqdt]", value, unescaped(row["format"])) + (f"\t{said}" if said else "")


ROWS = {
    (row["format"], row["level"], row["scope"], row["labels"]): row
    for row in table("istio")
    if unescaped(row["format"]) in SAID and row["component"] in ("pilot", "shared")
}.values()


def test_all_statements_that_the_answer_knows_are_of_the_source() -> None:
    assert {unescaped(row["format"]) for row in ROWS} == set(SAID)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['ranges']} {row['level']} {row['format']}")
def test_a_line_of_any_version_tells_the_state(row: dict[str, str]) -> None:
    """The state by the line's words, of the cluster that it names and not of the one that is istiod's own."""
    scope = "" if row["scope"] == "default" else f"{row['scope']}\t"
    message = filled(row)
    log = (
        '2026-01-01T00:00:00.000000Z\tinfo\tFLAG: --clusterID="home"\n'
        f"2026-01-01T00:00:01.000000Z\t{row['level']}\t{scope}{message}\n"
    )
    found = analysis.remote_clusters(il.load(io.BytesIO(log.encode()), component="pilot"))
    state = next(state for words, state in STATES.items() if re.search(words, message))
    assert found[["cluster", "state"]].to_numpy().tolist() == [["east", state]]

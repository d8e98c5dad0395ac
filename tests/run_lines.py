"""Lines that runs are cut by."""

from __future__ import annotations

import loglines
import pandas as pd

DAY = pd.Timestamp("2026-11-23T10:00:00Z")

FLAGS = ("--caCertFile", "--clusterAliases", "--ctrlz_port", "--log_as_json")


def at(seconds: float, message: str, scope: str = "ads", level: str = "info") -> str:
    return loglines.at(seconds, message, level, scope, DAY)


def debounce(seconds: float, number: int) -> str:
    spans = "1ms since last change, 1ms since last push"
    return at(seconds, f"Push debounce stable[{number}] 1 for config ServiceEntry/a/b: {spans}, full=true")


def start(seconds: float, version: int) -> str:
    return at(seconds, f"XDS: Pushing Services:15 ConnectedEndpoints:20 Version:2026-11-23T10:00:00Z/{version}")


def banner(seconds: float) -> list[str]:
    return [at(seconds, f'FLAG: {flag}=""', "") for flag in FLAGS]

"""The report: what a capture is, what it can answer, its findings, every plot with its table, on one page."""

from istiolog_pd.report.checks import CHECKS, check
from istiolog_pd.report.findings import findings
from istiolog_pd.report.html.page import html_report, write_report
from istiolog_pd.report.model import KINDS, Finding, Line

__all__ = ["CHECKS", "KINDS", "Finding", "Line", "check", "findings", "html_report", "write_report"]

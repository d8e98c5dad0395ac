"""Answers for assistants, by the Model Context Protocol: read-only, of logs that were allowed at the start."""

from istiolog_pd.assistant.server import make_server

__all__ = ["make_server"]

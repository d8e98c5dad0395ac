"""`%istiolog`: the commands in a notebook, after ``%load_ext istiolog_pd``."""

from __future__ import annotations

import shlex
import signal
import threading
from typing import Any


def register(shell: Any) -> None:
    """Give an IPython shell the magic.

    Parameters
    ----------
    shell
        What IPython gives to ``load_ipython_extension``.
    """
    shell.register_magic_function(istiolog, "line", "istiolog")


def istiolog(line: str) -> None:
    """Run a command as on a terminal: ``%istiolog summary istiod.log``; ``{name}`` stands for a variable.

    Parameters
    ----------
    line
        The text after ``%istiolog``.
    """
    from istiolog_pd.cli.app import app

    in_main = threading.current_thread() is threading.main_thread()
    before = signal.getsignal(signal.SIGTERM) if in_main else None
    try:
        app(shlex.split(line), prog_name="%istiolog")
    except SystemExit:
        pass  # a command ends so; what went wrong is printed
    finally:
        if in_main:  # the kernel's own way to end is none of a command's
            signal.signal(signal.SIGTERM, before)

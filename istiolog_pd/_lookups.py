"""What leads from a capture into all that is known of one thing: `istiolog_pd.inspect.views`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import pandas as pd

from istiolog_pd.errors import UnknownNameError, unknown

if TYPE_CHECKING:
    from istiolog_pd.inspect.views import MomentView, ObjectView, ProxyView
    from istiolog_pd.notebook import Explorer

#: It is above this module, as pandas' plots are above pandas.
VIEWS = "istiolog_pd.inspect.views"


class Lookups:
    """The lookups of a capture."""

    def object(self, name: str) -> ObjectView:
        """What is known of a Kubernetes object: did its changes take effect, when, and where.

        Parameters
        ----------
        name
            The object: ``VirtualService/shop/cart``, ``vs/shop/cart``, ``vs/cart``.

        Returns
        -------
        istiolog_pd.inspect.views.ObjectView
            Shows itself in words; has `changes`, `arrivals` and `timeline`.

        Examples
        --------
        >>> import istiolog_pd as il
        >>> view = il.load("data/mesh-1.30.3/info/istiod.log.gz").object("EnvoyFilter/shop/bad-lua")
        >>> view.changes[["round", "rejected", "sent", "not sent"]].values.tolist()
        [[12, 4, 9, 8], [13, 0, 13, 8]]
        """
        view: ObjectView = import_module(VIEWS).ObjectView(self, name)
        return view

    def proxy(self, name: str) -> ProxyView:
        """What is known of a proxy: its starts, sessions, pushes, rejections and failed requests.

        Parameters
        ----------
        name
            The proxy as pod.namespace; the pod alone where only one namespace has it.

        Returns
        -------
        istiolog_pd.inspect.views.ProxyView
            Shows itself in words.

        Raises
        ------
        UnknownNameError
            If no line is about such a proxy.
        """
        view: ProxyView = import_module(VIEWS).ProxyView(self, name)
        return view

    def at(self, time: str | pd.Timestamp) -> MomentView:
        """What was so at a time: who was connected, which round was on its way, who was behind.

        Parameters
        ----------
        time
            The time; UTC if it has no zone.

        Returns
        -------
        istiolog_pd.inspect.views.MomentView
            Shows itself in words.
        """
        view: MomentView = import_module(VIEWS).MomentView(self, time)
        return view

    def explore(self, answer: str = "pushes") -> Explorer:
        """Brush a time range of an answer in a notebook, pick a proxy, and see its plot and table of just that.

        Parameters
        ----------
        answer
            A plot of `istiolog_pd.plots.PLOTS`: ``pushes``, ``push_rounds``, ``connections``, …

        Returns
        -------
        istiolog_pd.notebook.Explorer
            To be the last line of a cell.

        Raises
        ------
        UnknownNameError
            If there is no such plot.
        ValueError
            If its table has no times.

        Examples
        --------
        >>> import istiolog_pd as il
        >>> len(il.load("data/seed/pilot.log").explore().choose(proxy="helloworld"))
        16
        """
        analysis, plots, notebook = (import_module(f"istiolog_pd.{name}") for name in ("analysis", "plots", "notebook"))
        if answer not in plots.PLOTS:
            raise UnknownNameError(unknown("plot", answer, plots.PLOTS))
        table = getattr(analysis, plots.PLOTS[answer].answer)(self)
        times = [name for name in table if isinstance(table[name].dtype, pd.DatetimeTZDtype)]
        if not times:
            raise ValueError(f"the table of {answer} has no times to brush")
        explorer: Explorer = notebook.explore(table, plots.PLOTS[answer].draw, time=times[0])
        return explorer

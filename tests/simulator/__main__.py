"""Write simulated logs and their truth into a folder: ``python -m tests.simulator FOLDER``."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Annotated

import typer

from tests.simulator.model import Simulation, simulate
from tests.simulator.settings import Settings

DEFAULT = Settings()


def main(
    folder: Annotated[Path, typer.Argument(help="Where to write; made if it is not there.")],
    seed: Annotated[int, typer.Option(help="Of all that is random.")] = 0,
    version: Annotated[str, typer.Option(help="Istio's version.")] = DEFAULT.version,
    duration: Annotated[str, typer.Option(help="How long, such as 10min.")] = DEFAULT.duration,
    proxies: Annotated[int, typer.Option(help="Proxies in the mesh.")] = DEFAULT.proxies,
    debug: Annotated[bool, typer.Option(help="Scopes ads and delta at debug.")] = False,
    sidecars: Annotated[int, typer.Option(help="Number of proxies with a log of their own.")] = 0,
) -> None:
    """Simulate a control plane: discovery.log.gz, sidecars' logs, metrics.txt."""
    settings = Settings(version=version, duration=duration, proxies=proxies, debug=debug)
    write(simulate(settings, seed), folder, sidecars)


def write(run: Simulation, folder: Path, sidecars: int) -> None:
    """The files of a simulation."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "discovery.log.gz").write_bytes(gzip.compress(run.istiod_log(), 9, mtime=0))
    (folder / "metrics.txt").write_text(run.metrics_text(), encoding="utf-8")
    for proxy in run.pods["proxy"].head(sidecars):
        (folder / f"istio-proxy-{proxy}.log.gz").write_bytes(gzip.compress(run.sidecar_log(proxy), 9, mtime=0))


if __name__ == "__main__":
    typer.run(main)

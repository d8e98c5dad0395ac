"""The native engine is built where there is Rust; without it the package is installed, and the reference reads logs.

`make wheel` builds the engine itself, for many systems, and says by ISTIOLOG_PLATFORM for which.
"""

from __future__ import annotations

import os
from pathlib import Path

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools_rust import Binding, RustExtension

#: The platform that an engine in `istiolog_pd/engine/` was built for; empty: it is built here, for this one.
PLATFORM = os.environ.get("ISTIOLOG_PLATFORM", "")


class Wheel(bdist_wheel):
    """A wheel without the native engine is one of Python alone, for any platform."""

    def _has_native(self) -> bool:
        return any(path.suffix in (".so", ".pyd") for path in Path(self.bdist_dir or "").rglob("_native.*"))

    def get_tag(self) -> tuple[str, str, str]:
        """What it can be installed on."""
        if not self._has_native():
            return ("py3", "none", "any")
        return ("cp311", "abi3", PLATFORM) if PLATFORM else super().get_tag()

    def write_wheelfile(self, *arguments: str, **options: str) -> None:
        """Write the wheel's own metadata."""
        self.root_is_pure = not self._has_native()
        super().write_wheelfile(*arguments, **options)


setup(
    cmdclass={"bdist_wheel": Wheel},
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
    rust_extensions=[]
    if PLATFORM
    else [
        RustExtension(
            "istiolog_pd.engine._native",
            path="native/Cargo.toml",
            binding=Binding.PyO3,
            py_limited_api=True,
            debug=False,
            optional=True,
        )
    ],
)

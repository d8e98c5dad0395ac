"""The native engine is built where there is Rust; without it the package is installed, and the reference reads logs."""

from __future__ import annotations

from pathlib import Path

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools_rust import Binding, RustExtension


class Wheel(bdist_wheel):
    """A wheel without the native engine is one of Python alone, for any platform."""

    def _has_native(self) -> bool:
        return any(path.suffix in (".so", ".pyd") for path in Path(self.bdist_dir or "").rglob("_native.*"))

    def get_tag(self) -> tuple[str, str, str]:
        """What it can be installed on."""
        return super().get_tag() if self._has_native() else ("py3", "none", "any")

    def write_wheelfile(self, *arguments: str, **options: str) -> None:
        """Write the wheel's own metadata."""
        self.root_is_pure = not self._has_native()
        super().write_wheelfile(*arguments, **options)


setup(
    cmdclass={"bdist_wheel": Wheel},
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
    rust_extensions=[
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

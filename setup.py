"""The native engine is built where there is Rust; without it the package is installed, and the reference reads logs."""

from __future__ import annotations

import shutil

from setuptools import Distribution, setup
from setuptools_rust import Binding, RustExtension


class _Distribution(Distribution):
    """A wheel without the native engine is tagged as one of Python alone."""

    def has_ext_modules(self) -> bool:
        """Whether anything is compiled."""
        return shutil.which("cargo") is not None


setup(
    distclass=_Distribution,
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
    options={"bdist_wheel": {"py_limited_api": "cp311"}} if shutil.which("cargo") else {},
)

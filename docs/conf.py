"""Sphinx settings: pages are Markdown (MyST), the reference is made from the code by `_ext/`."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent)]

from istiolog_pd import __version__  # noqa: E402 - found by the path above

project = "istiolog_pd"
author = "the istiolog_pd authors"
copyright = author
release = version = __version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "sphinx_copybutton",
    "generated_pages",
]
exclude_patterns = ["_build", "_ext"]
html_theme = "pydata_sphinx_theme"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_title = f"istiolog_pd {version}"
html_theme_options = {
    "navigation_with_keys": False,
    "show_nav_level": 2,
    "header_links_before_dropdown": 6,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
}
html_show_sourcelink = False
html_copy_source = False

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
# Pages are checked offline: what they link to inside the site is, what is outside is not fetched.
nitpicky = False

autosummary_generate = False
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
autodoc_typehints = "none"
# Docstrings name things between single backticks, as pandas' do.
default_role = "code"
copybutton_prompt_text = r"\$ |>>> "
copybutton_prompt_is_regexp = True

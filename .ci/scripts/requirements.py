"""Print what the package needs, one requirement a line: with the named extras, or, without a name, to be built.

requirements.py [EXTRA...]
"""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

declared = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
project, extras = declared["project"], sys.argv[1:]
needed = [*project["dependencies"], *(one for name in extras for one in project["optional-dependencies"][name])]
sys.stdout.write("\n".join(needed if extras else declared["build-system"]["requires"]) + "\n")

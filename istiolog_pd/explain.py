"""Which format claims a line, what kept the nearest ones from it, and what the unknown lines are."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from istiolog_pd.capture import Capture, unknown
from istiolog_pd.engine.entries import Entries
from istiolog_pd.engine.headers import Entry
from istiolog_pd.engine.lines import Lines
from istiolog_pd.engine.reach import Reach, reach
from istiolog_pd.engine.reference import parse_labels, read, recogniser, split_labels
from istiolog_pd.engine.schema import KEYS, event_schema
from istiolog_pd.formats import COLUMNS, EVENTS, FORMATS, Format
from istiolog_pd.formats.model import COMPONENTS

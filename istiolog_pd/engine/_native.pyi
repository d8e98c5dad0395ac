from collections.abc import Sequence
from typing import Any

__version__: str

Segments = Sequence[tuple[bytes, int, int]]

class Catalog:
    def __init__(self, data: dict[str, Any]) -> None: ...

class Piece:
    lines: int
    entries: int
    recognised: bool
    complete: bool
    last_event: str
    damage: list[tuple[int, int]]
    matches: list[tuple[str, int]]

class Worker:
    def __init__(self, catalog: Catalog) -> None: ...
    def parse(self, segments: Segments, component: str, second_opinion: bool, messages: bool) -> Piece: ...
    def sample(self, segments: Segments, most: int) -> tuple[int, int, int, int]: ...

class Batch:
    def __arrow_c_array__(self, requested_schema: object = None) -> tuple[object, object]: ...

class Assembly:
    entries: int
    def __init__(self, catalog: Catalog, source: str, common: list[str], keys: list[str]) -> None: ...
    def begin_source(self, source: str) -> None: ...
    def add(self, piece: Piece) -> None: ...
    def take(self, last: bool) -> tuple[list[Batch], list[tuple[str, list[Batch]]]]: ...

"""What a line of Istio or Envoy begins with, loosely: enough to tell a bare log from a wrapped one.

The header layouts themselves are data of `istiolog_pd.formats.layouts`; a test holds every example of theirs
against these patterns.
"""

from __future__ import annotations

import re

#: Escape sequences of colors.
ANSI = re.compile(rb"\x1b\[[0-9;]*m")

STAMP = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)"
LEVEL = rb"(?:debug|info|warn|warning|error|fatal|trace|critical|off)"
#: A header in text.
TEXT_HEADER = (
    rb"%b[\t ]+(?:%b[\t ]|(?:TRACE|DEBUG|INFO|WARN|ERROR) )|\[\d{4}-\d\d-\d\d[ T]\d\d:|\[Envoy \(Epoch |gc \d+ @\d|[IWEF]\d{4} \d\d:\d\d:\d\d\."
    rb"|\d{4}/\d\d/\d\d \d\d:\d\d:\d\d (?:DEBUG|INFO|WARN|ERROR) " % (STAMP, LEVEL)
)
#: A header, or a JSON line.
HEADER = rb"(?:%b|\{\")" % TEXT_HEADER
STAMPED_HEADER = rb"(?:%b )?%b" % (STAMP, HEADER)

IS_BARE = re.compile(TEXT_HEADER)
IS_STAMPED = re.compile(rb"%b %b" % (STAMP, HEADER))

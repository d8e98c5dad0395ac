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
    rb"%b[\t ]+(?:%b[\t ]|(?:TRACE|DEBUG|INFO|WARN|ERROR) )|\[\d{4}-\d\d-\d\d[ T]\d\d:|\[Envoy \(Epoch "
    rb"|gc \d+ @\d|[IWEF]\d{4} \d\d:\d\d:\d\d\.|\d{4}/\d\d/\d\d \d\d:\d\d:\d\d (?:DEBUG|INFO|WARN|ERROR) "
    rb"|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[.,\d]{0,10}\]\[\d" % (STAMP, LEVEL)
)
#: A header, or a JSON line.
HEADER = rb"(?:%b|\{\")" % TEXT_HEADER
STAMPED_HEADER = rb"(?:%b )?%b" % (STAMP, HEADER)

IS_BARE = re.compile(TEXT_HEADER)
IS_STAMPED = re.compile(rb"%b %b" % (STAMP, HEADER))

#: What a tab may be shown as.
_SHOWN_TAB = rb"(?:\\t|\^I|<TAB>)"
#: The text between a header's time and level where it is neither blanks nor tabs.
SEPARATOR = rb"[^A-Za-z0-9\n,;|\"']{1,16}|[^A-Za-z0-9\n,;|\"']{0,8}%b[^A-Za-z0-9\n,;|\"']{0,8}" % _SHOWN_TAB
#: A header as people paste it: other signs for tabs, marks around its parts.
LOOSE_HEADER = re.compile(
    rb"(?P<time>%b)(?P<separator>%b)(?P<level>%b|TRACE|DEBUG|INFO|WARN|ERROR)(?![A-Za-z0-9])"
    rb"|\[\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[^\]\n]{0,12}\](?: |\[)|gc \d+ @\d+\.\d+s "
    rb"|[IWEF]\d{4} \d\d:\d\d:\d\d\.\d{6} |\d{4}/\d\d/\d\d \d\d:\d\d:\d\d (?:DEBUG|INFO|WARN|ERROR) "
    % (STAMP, SEPARATOR, LEVEL)
)
#: The same behind a time, a stream and a tag that a runtime or kubectl put there, or a pod's name.
_LINE = re.compile(
    rb"\s{0,64}(?:%b (?:(?:stdout|stderr) [FP] )?|\[pod/[^\]\s]{1,600}\] )?(?:%b)" % (STAMP, LOOSE_HEADER.pattern)
)
#: Keys of a JSON line of Istio or Envoy.
_JSON_KEYS = ("level", "severity", "scope", "logger", "time", "timestamp")


def is_line(text: str) -> bool:
    """Whether a text begins like a log line of Istio or Envoy, be it JSON."""
    if text.startswith('{"'):
        return '"start_time"' in text or ('"msg"' in text and '"level"' in text) or '"severity"' in text
    return bool(_LINE.match(text[:1024].encode(errors="replace")))


def is_json_line(record: dict[str, object]) -> bool:
    """Whether an object is a JSON line of Istio or Envoy itself, an access line too."""
    if "start_time" in record:
        return True
    text = record.get("msg", record.get("message"))
    return isinstance(text, str) and not is_line(text) and sum(key in record for key in _JSON_KEYS) >= 2

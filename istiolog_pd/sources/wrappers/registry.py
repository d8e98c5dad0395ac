"""Every wrapper, in the order in which they are tried. A new one is a module beside this one, and a line here."""

from istiolog_pd.sources.wrappers._wrapper import Wrapper
from istiolog_pd.sources.wrappers.bug_report import BUG_REPORT
from istiolog_pd.sources.wrappers.cloud_logging import CLOUD_LOGGING
from istiolog_pd.sources.wrappers.cluster_dump import CLUSTER_DUMP
from istiolog_pd.sources.wrappers.cri import CRI
from istiolog_pd.sources.wrappers.docker import DOCKER
from istiolog_pd.sources.wrappers.filebeat import FILEBEAT
from istiolog_pd.sources.wrappers.fluent_bit import FLUENT_BIT
from istiolog_pd.sources.wrappers.json_export import JSON_EXPORT
from istiolog_pd.sources.wrappers.kail import KAIL, KAIL_JSON
from istiolog_pd.sources.wrappers.kubectl import KUBECTL_PREFIX, KUBECTL_TIMESTAMPS
from istiolog_pd.sources.wrappers.loki import LOGCLI, LOGCLI_JSON, LOGCLI_NO_LABELS
from istiolog_pd.sources.wrappers.pasted import PASTED
from istiolog_pd.sources.wrappers.pretty_json import PRETTY_JSON
from istiolog_pd.sources.wrappers.stern import STERN, STERN_ALL_NAMESPACES, STERN_JSON
from istiolog_pd.sources.wrappers.table import TABLE

WRAPPERS: tuple[Wrapper, ...] = (
    BUG_REPORT,
    CLUSTER_DUMP,
    CRI,
    KUBECTL_PREFIX,
    KUBECTL_TIMESTAMPS,
    LOGCLI,
    LOGCLI_NO_LABELS,
    KAIL,
    STERN,
    STERN_ALL_NAMESPACES,
    DOCKER,
    LOGCLI_JSON,
    CLOUD_LOGGING,
    FLUENT_BIT,
    FILEBEAT,
    STERN_JSON,
    KAIL_JSON,
    PRETTY_JSON,
    JSON_EXPORT,
    TABLE,
    PASTED,
)

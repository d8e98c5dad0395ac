"""The views over the star, as DuckDB reads them: one per question, and one per table."""

from __future__ import annotations

from dataclasses import dataclass

from istiolog_pd.export.star.model import TABLES


@dataclass(frozen=True, slots=True)
class View:
    """A view: its name, what a row of it tells, and the query."""

    name: str
    row: str
    query: str


VIEWS: tuple[View, ...] = (
    View(
        "pushes_per_minute",
        "a minute, a type and a kind of push: how many, and how many bytes",
        """
SELECT t.minute, x.xds_type, p.push_type, count(*) AS pushes, sum(p.size_bytes)::BIGINT AS size_bytes
FROM proxy_push p JOIN "time" t USING (time_id) LEFT JOIN xds_type x USING (xds_type_id)
GROUP BY ALL ORDER BY ALL""",
    ),
    View(
        "proxy_load",
        "a proxy: pushes, bytes and bytes per push; the most bytes first",
        """
SELECT q.namespace, q.proxy, count(*) AS pushes, sum(p.size_bytes)::BIGINT AS size_bytes,
       avg(p.size_bytes) AS bytes_per_push
FROM proxy_push p JOIN proxy q USING (proxy_id)
GROUP BY ALL ORDER BY size_bytes DESC NULLS LAST, pushes DESC, q.proxy""",
    ),
    View(
        "proxy_delay",
        "a proxy: the time from a round's start to its last push, which nine rounds of ten keep to, as bounds",
        """
WITH delays AS (
    SELECT p.capture_id, p.proxy_id, p.round,
           max(epoch(p.timestamp) - epoch(l.timestamp)) AS low,
           max(epoch(p.timestamp) - epoch(f.timestamp)) AS high
    FROM proxy_push p JOIN push l ON p.capture_id = l.capture_id AND p.round_last = l.round
         JOIN push f ON p.capture_id = f.capture_id AND p.round_first = f.round
    WHERE p.round IS NOT NULL
    GROUP BY ALL)
SELECT q.proxy, count(*) AS rounds, quantile_cont(d.low, 0.9) AS delay_low_seconds,
       quantile_cont(d.high, 0.9) AS delay_high_seconds
FROM delays d JOIN proxy q USING (proxy_id)
GROUP BY ALL ORDER BY delay_low_seconds DESC, q.proxy""",
    ),
    View(
        "push_causes",
        "a kind of config: the decisions to push that name one, and the events that they merged",
        """
SELECT c.config_kind, d."full", count(*) AS decisions, sum(d.events)::BIGINT AS events,
       count(DISTINCT c.config_id) AS configs
FROM debounce d LEFT JOIN config c USING (config_id)
GROUP BY ALL ORDER BY decisions DESC, 1, 2""",
    ),
    View(
        "debounce_bounds",
        "what let decisions go: how many, and how long their first change had waited",
        """
SELECT bound, "full", count(*) AS decisions, sum(events)::BIGINT AS events,
       median(debounce_time_seconds) AS debounce_median_seconds, max(debounce_time_seconds) AS debounce_max_seconds
FROM debounce GROUP BY ALL ORDER BY decisions DESC, 1, 2""",
    ),
    View(
        "connection_ends",
        "a likely reason: sessions that ended by it, the proxies, and how long the sessions lasted at the median",
        """
SELECT reason, count(*) AS sessions, count(DISTINCT proxy_id) AS proxies,
       median(duration_seconds) AS duration_median_seconds
FROM connection WHERE closed IS NOT NULL OR reason IS NOT NULL GROUP BY ALL ORDER BY sessions DESC, reason""",
    ),
    View(
        "nacks_by_proxy",
        "a proxy and a type: its NACKs (where istiod's log has none, Envoy's lines, one a moment), and the last error",
        """
SELECT q.proxy, x.xds_type, CASE WHEN bool_or(n.event = 'xds_nack') THEN count(*) FILTER (n.event = 'xds_nack')
            ELSE count(DISTINCT (n.timestamp, n.error)) END AS nacks,
       min(n.timestamp) AS first_seen, max(n.timestamp) AS last_seen, arg_max(n.error, n.timestamp) AS last_error
FROM nack n LEFT JOIN proxy q USING (proxy_id) LEFT JOIN xds_type x USING (xds_type_id)
WHERE n.event = 'xds_nack' OR NOT EXISTS (
    SELECT 1 FROM nack k WHERE k.event = 'xds_nack' AND k.capture_id = n.capture_id
                           AND (n.proxy_id IS NULL OR k.proxy_id = n.proxy_id))
GROUP BY ALL ORDER BY nacks DESC, 1, 2""",
    ),
)

MARKER = "-- istiolog_pd: views over the star schema, for DuckDB"


def views_sql() -> str:
    """The file of all views: one per table, by its own name, then those that answer questions."""
    head = [
        MARKER,
        "-- Run it in the folder of the Parquet files, or after SET file_search_path = '<that folder>'.",
        "",
    ]
    tables = [f"CREATE OR REPLACE VIEW \"{name}\" AS SELECT * FROM read_parquet('{name}.parquet');" for name in TABLES]
    views = [f'\n-- {view.row}\nCREATE OR REPLACE VIEW "{view.name}" AS{view.query};' for view in VIEWS]
    return "\n".join([*head, *tables, *views, ""])

"""Lines of Envoy about its own life: start, workers, drain, shutdown, crash.

Versions are Envoy's.
"""

from __future__ import annotations

from functools import partial

from istiolog_pd.formats.template import Format

_server = partial(Format, "server_state", component="envoy")
_main = partial(_server, scope="main", since="1.3", origin="source/server/server.cc")
_cm = partial(_server, scope="upstream", since="1.3", origin="source/common/upstream/cluster_manager_impl.cc")
_config = partial(_server, scope="config", since="1.6", origin="source/server/configuration_impl.cc")
_restart = partial(_server, scope="main", since="1.6")
_crash = partial(
    Format,
    "panic",
    component="envoy",
    level="critical",
    scope="backtrace",
    since="1.6",
    origin="source/server/backtrace.h",
)

FORMATS: tuple[Format, ...] = (
    # start
    _main(
        "initializing epoch {:int} ({?base id={:int}, }hot restart version={:text})",
        since="1.6",
        example="initializing epoch 0 (base id=0, hot restart version=disabled)",
    ),
    _main("statically linked extensions:", since="1.6"),
    _main("HTTP header map info:", since="1.15"),
    # what follows those two, one entry each; its indent may be lost with the tabs
    _main(
        "  {:text}: {:text}",
        since="1.6",
        needs_scope=True,
        example="  envoy.filters.listener: envoy.filters.listener.original_dst, envoy.filters.listener.tls_inspector",
    ),
    _main(
        "envoy.{:word}: {:text}",
        since="1.6",
        needs_scope=True,
        example="envoy.filters.listener: envoy.filters.listener.original_dst",
    ),
    _main("admin address: {:text}", level="info debug", scope="main admin", example="admin address: 127.0.0.1:15000"),
    _main("runtime: {:text}", since="1.12", example="runtime: layers:\n  - name: deprecation"),
    _main(
        "{?there{|}There} is no configured limit to the number of allowed active {:text}",
        level="warn",
        since="1.13",
        example="there is no configured limit to the number of allowed active connections. Set a limit via the runtime "
        "key overload.global_downstream_max_connections",
    ),
    _main(
        "error initializing configuration '{:text}': {error}",
        level="critical",
        since="1.6",
        example="error initializing configuration '/etc/istio/proxy/envoy-rev0.json': Unable to parse JSON",
        gives={"error": "Unable to parse JSON"},
    ),
    _config("loading {:int} {?static secret(s){|}cluster(s){|}listener(s)}", example="loading 4 cluster(s)"),
    _config("loading tracing configuration"),
    _config("loading stats{? sink} configuration", example="loading stats configuration"),
    _cm("cm init: initializing cds"),
    _cm("cm init: initializing secondary clusters"),
    _cm("cm init: all clusters initialized"),
    _server(
        "RTDS has finished initialization",
        scope="runtime",
        since="1.15",
        origin="source/common/runtime/runtime_impl.cc",
    ),
    _main("all clusters initialized. initializing init manager"),
    _main("starting main dispatch loop"),
    _config(
        "all dependencies initialized. starting workers",
        origin="source/server/listener_manager_impl.cc",
        sets={"cause": "initialized"},
    ),
    # drain, hot restart, shutdown
    _main("starting server in drain mode"),
    _main("closing and draining listeners", since="1.6", until="1.17"),
    _main("terminating parent process", level="warn"),
    _main("shutting down admin due to child startup", level="warn"),
    _restart("shutting down due to child request", origin="source/server/hot_restarting_parent.cc"),
    _restart("shutting down parent after drain", origin="source/server/drain_manager_impl.cc"),
    _main("caught {?ENVOY_}SIGTERM", level="warn", scope="main misc", example="caught ENVOY_SIGTERM"),
    _main("caught SIGINT", level="warn", since="1.9"),
    _main("caught and eating SIGHUP. See documentation for how to hot restart.", level="warn"),
    _main("shutting down server instance", since="1.11"),
    _main("main dispatch loop exited"),
    _main(
        "Notifying {:int} callback(s) with completion.",
        since="1.12",
        example="Notifying 0 callback(s) with completion.",
    ),
    _main("exiting", needs_scope=True),
    _main(
        "Overload action {:word} became {:word}",
        level="info debug",
        since="1.8",
        origin="source/server/overload_manager_impl.cc",
        example="Overload action envoy.overload_actions.shrink_heap became active",
    ),
    # crash
    _crash(
        "Caught {:text}, suspect faulting address {:word}",
        example="Caught Segmentation fault, suspect faulting address 0x0",
    ),
    _crash("Backtrace (use tools/stack_decode.py to get line numbers):", since="1.9"),
    _crash(
        "Backtrace thr<{:word}> obj<{:text}> (If unsymbolized, use tools/stack_decode.py):",
        until="1.8",
        example="Backtrace thr<18> obj</usr/local/bin/envoy> (If unsymbolized, use tools/stack_decode.py):",
    ),
    _crash(
        "Envoy version: {:text}", since="1.13", needs_scope=True, example="Envoy version: 7b2f/1.13.0/Clean/RELEASE"
    ),
    _crash(
        "#{:int}: {:text}", since="1.9", needs_scope=True, example="#0: Envoy::SignalAction::sigHandler() [0xcc8cc8]"
    ),
    _crash("thr<{:word}> {:text}", until="1.8", needs_scope=True, example="thr<18> #1 0x7efd89fcf38f (unknown)"),
    _crash("end backtrace thread {:word}", until="1.8", example="end backtrace thread 18"),
    _server(
        "assert failure: {:text}",
        level="critical",
        scope="assert",
        since="1.3",
        origin="source/common/common/assert.h",
        example="assert failure: stream_ != nullptr. Details: stream is gone",
    ),
)

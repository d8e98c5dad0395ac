"""Lines of pilot-agent about the end: Envoy's epochs, draining, its own servers."""

from __future__ import annotations

from functools import partial

from istiolog_pd.formats.catalog.agent_secrets import SERVICE, WHO
from istiolog_pd.formats.template import Format

STATUS = "pilot/cmd/pilot-agent/status/server.go"
_exit = partial(Format, "envoy_exit", component="agent")
_agent = partial(_exit, origin="pkg/envoy/agent.go")
_proxy = partial(_exit, origin="pkg/envoy/proxy.go")
#: Lines that begin with a name: `Envoy 'envoy' exited with error: ...`.
_instance = partial(_exit, since="1.4", until="1.15", origin="pkg/envoy/instance.go", needs_scope=True)

CON = "sidecar~10.0.0.3~web-1.shop~shop.svc.cluster.local-2"
DONE = "rpc error: code = Canceled desc = context canceled"
ENDED = {"error": DONE, "grpc_code": 1}

FORMATS: tuple[Format, ...] = (
    # epochs
    _agent(
        "Epoch {:int} aborted{? normally{|} abnormally}", level="info warn", until="1.14", example="Epoch 0 aborted"
    ),
    _agent("Epoch {:int} exited normally", until="1.14", example="Epoch 0 exited normally"),
    _agent(
        "Epoch {:int} terminated with an error: {error}",
        sets={"cause": "Envoy exited"},
        level="warn",
        until="1.3",
        example="Epoch 0 terminated with an error: signal: killed",
        gives={"error": "signal: killed"},
    ),
    _agent(
        "epoch {:int} exited while waiting for it to go live.",
        level="warn",
        since="1.4",
        until="1.9",
        example="epoch 1 exited while waiting for it to go live.",
    ),
    _agent("{:int} active epochs running", since="1.4", until="1.9", example="2 active epochs running"),
    _agent("No more active epochs, terminating", since="1.4", until="1.14"),
    _agent("Aborting epoch {:int}{?...}", level="warn", until="1.14", example="Aborting epoch 0..."),
    _agent("Aborted all epochs", level="warn", until="1.14"),
    _proxy(
        "killing epoch {:int} caused an error {error}",
        level="warn",
        until="1.14",
        example="killing epoch 0 caused an error os: process already finished",
        gives={"error": "os: process already finished"},
    ),
    _agent("Permanent error: budget exhausted trying to fulfill the desired configuration", level="error", until="1.3"),
    # Envoy's process
    _instance(
        "{:text} exited with error: {?<nil>{|}{error}}",
        sets={"cause": "Envoy exited"},
        level="info error",
        until="",
        example="Envoy exited with error: signal: killed",
        gives={"error": "signal: killed"},
    ),
    _instance(
        "{:text} Aborting: {error}",
        example="Envoy 'envoy' Aborting: context canceled",
        gives={"error": "context canceled"},
    ),
    _instance(
        "{:text} kill failed: {error}",
        level="warn",
        example="Envoy 'envoy' kill failed: os: process already finished",
        gives={"error": "os: process already finished"},
    ),
    _agent("Envoy exited normally", since="1.15"),
    _agent(
        "Envoy exited with status {?<nil>{|}{error}}",
        sets={"cause": "Envoy exited"},
        since="1.20",
        example="Envoy exited with status signal: killed",
        gives={"error": "signal: killed"},
    ),
    _agent("Envoy aborted {?normally{|}abnormally}", level="info warn", since="1.15", example="Envoy aborted normally"),
    _agent("Aborted proxy instance", level="warn", since="1.15"),
    _proxy("Aborting proxy", level="warn", since="1.15"),
    _proxy(
        "killing proxy caused an error {error}",
        level="warn",
        since="1.15",
        example="killing proxy caused an error os: process already finished",
        gives={"error": "os: process already finished"},
    ),
    _agent("Envoy may have been out of memory killed. Check memory usage and limits.", level="warn", since="1.4"),
    # draining
    _agent("Agent draining Proxy{? for termination}", since="1.1", example="Agent draining Proxy for termination"),
    _agent("Agent draining proxy", since="1.21"),
    _agent(
        "Agent draining proxy for {:duration}, then waiting for active connections to terminate...",
        since="1.12",
        example="Agent draining proxy for 5s, then waiting for active connections to terminate...",
    ),
    _agent("Agent already drained, exiting immediately", since="1.21"),
    _agent(
        "Error in invoking drain listeners endpoint{?:} {error}",
        level="warn",
        since="1.5",
        example="Error in invoking drain listeners endpoint: connection refused",
        gives={"error": "connection refused"},
    ),
    _proxy(
        "failed draining listeners for Envoy on port {:int}: {error}",
        since="1.5",
        example="failed draining listeners for Envoy on port 15000: connection refused",
        gives={"error": "connection refused"},
    ),
    _agent("Checking for active connections...", since="1.12"),
    _agent("There are still {:int} active connections", since="1.13", example="There are still 3 active connections"),
    _agent("There are no more active connections. terminating proxy...", since="1.12"),
    _agent(
        "downstream_cx_active are not available. This either means there are no downstream connection established yet "
        "or the stats are not enabled. Skipping active connections check...",
        since="1.14",
    ),
    _agent(
        "Retrying ({:int} attempt) to obtain active connections...",
        level="warn",
        since="1.23",
        example="Retrying (2 attempt) to obtain active connections...",
    ),
    _agent(
        "Graceful termination period is {:duration}, starting...",
        since="1.1",
        example="Graceful termination period is 5s, starting...",
    ),
    _agent("Graceful termination period complete, terminating remaining proxies.", since="1.1"),
    _agent(
        "Graceful termination logic ended prematurely, {?envoy process terminated early"
        "{|}error while obtaining downstream_cx_active stat{? (Max retry {:int} exceeded)}}",
        level="info warn",
        since="1.20",
        example="Graceful termination logic ended prematurely, envoy process terminated early",
    ),
    # the agent and its servers
    _agent("Agent terminating", until="1.0"),
    _agent("Agent has successfully terminated", since="1.1"),
    _exit("pilot-agent is terminating", since="1.1", until="1.3", origin="pilot/cmd/pilot-agent/main.go"),
    _exit("Status server has successfully terminated", since="1.1", origin=STATUS),
    _exit("Watcher has successfully terminated", since="1.1", until="1.10", origin="pkg/envoy/watcher.go"),
    _exit(
        "watchFileEvents has {?successfully }terminated",
        until="1.6",
        origin="pkg/envoy/watcher.go",
        example="watchFileEvents has successfully terminated",
    ),
    _exit(
        "handling {:text}, {?notifying pilot-agent to exit{|}starting drain}",
        since="1.3",
        origin=STATUS,
        example="handling /quitquitquit, notifying pilot-agent to exit",
    ),
    _exit(
        "Local {:word} DNS server terminated: {error}",
        level="error",
        scope="default dns",
        since="1.8",
        origin="pkg/dns/client/proxy.go",
        example="Local udp DNS server terminated: address already in use",
        gives={"error": "address already in use"},
    ),
    _exit(
        "Command {:text} exited with non-zero status {:int}",
        scope="healthcheck",
        since="1.8",
        until="1.8",
        origin="pkg/istio-agent/health/health_probers.go",
        example="Command /bin/check --all exited with non-zero status 1",
    ),
    # Envoy's SDS stream
    _exit(
        'SDS: connection with "{connection_id}" terminated{? with errors} {error}',
        level="info error",
        since="1.1",
        until="1.2",
        origin=SERVICE,
        example=f'SDS: connection with "{CON}" terminated {DONE}',
        gives={"connection_id": CON, "connection": 2, "proxy": "web-1.shop", **ENDED},
    ),
    _exit(
        f"{WHO} connection is terminated{{?:{{|}} with errors}} {{error}}",
        level="info error",
        scope="sdsServiceLog sds",
        since="1.3",
        until="1.8",
        origin=SERVICE,
        needs_scope=True,
        example=f"resource:default connection is terminated: {DONE}",
        gives={"connection_id": None, **ENDED},
    ),
)

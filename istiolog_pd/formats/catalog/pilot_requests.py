"""Lines of pilot and istiod about what proxies ask for."""

from __future__ import annotations

from functools import partial

from istiolog_pd.formats.template import Format

ADS = "pilot/pkg/proxy/envoy/v2/ads.go"
EDS = "pilot/pkg/proxy/envoy/v2/eds.go"
XDS = "pilot/pkg/xds/ads.go"
DELTA = "pilot/pkg/xds/delta.go"

_request = partial(Format, "xds_request", level="debug", scope="ads")

CON = "sidecar~10.0.0.3~web-1.shop~shop.svc.cluster.local-8"
PEER = "172.17.0.3:59200"
NEW = "web-1.shop-8"
VERSION = "2026-11-23T17:28:49Z/1"
NONCE = "2026-11-23T17:28:49Z/1a7b"
ONE = {"connection_id": CON, "connection": 8, "proxy": "web-1.shop"}
TWO = {"connection_id": NEW, "connection": 8, "proxy": "web-1.shop"}
URL = "type.googleapis.com/envoy.api.v2.Cluster"

FORMATS: tuple[Format, ...] = (
    # requests
    _request(
        "ADS:{xds_type}: REQ {peer:peer} {connection_id} {duration} {?raw: {nonce:request}{|}version:{push_version}}",
        level="info",
        until="1.5",
        origin=ADS,
        example=f'ADS:CDS: REQ {PEER} {CON} 3.993012266s raw: node:<id:"x" > type_url:"{URL}"',
        gives={"xds_type": "CDS", "peer": PEER, "duration": 3_993_012_266, **ONE},
    ),
    _request(
        "ADS:{xds_type}: REQ {connection_id} {peer:peer} raw: {nonce:request}",
        level="info",
        until="1.0",
        origin=ADS,
        example=f'ADS:CDS: REQ {CON} {PEER} raw: node:<id:"x" > response_nonce:"n" type_url:"{URL}" ',
        gives={"xds_type": "CDS", "peer": PEER, "nonce": "n", **ONE},
    ),
    _request(
        "EDS: REQ {connection_id} {clusters:count} {peer:peer} raw: {nonce:request}",
        level="info",
        until="1.0",
        origin=EDS,
        sets={"xds_type": "EDS"},
        example=f'EDS: REQ {CON} [outbound|80||a.b outbound|81||a.b] {PEER} raw: node:<id:"x" > ',
        gives={"clusters": 2, "peer": PEER, **ONE},
    ),
    _request(
        "EDS: Multiple clusters monitoring {:list} -> {clusters:count} {nonce:request}",
        level="info",
        until="1.0",
        origin=EDS,
        sets={"xds_type": "EDS"},
        example='EDS: Multiple clusters monitoring [a] -> [a b] response_nonce:"n" ',
        gives={"clusters": 2, "nonce": "n"},
    ),
    _request(
        "ADS: Unknown watched resources {nonce:request}",
        level="warn",
        scope="ads default",
        origin="pilot/pkg/networking/apigen/apigen.go",
        example='ADS: Unknown watched resources response_nonce:"n" type_url:"x/y" ',
        gives={"nonce": "n", "xds_type": "x/y"},
    ),
    _request(
        "sent unknown XDS type: {xds_type}",
        level="warn",
        since="1.6",
        until="1.6",
        origin=ADS,
        example="sent unknown XDS type: x/y",
        gives={"xds_type": "x/y"},
    ),
    _request(
        "ADS:{xds_type}: REQ {?{peer:peer} {connection_id} {|}{connection_id} }{? }"
        "{?clusters:{? }{clusters}{|}routes:{? }{routes}}",
        until="1.7",
        origin=ADS,
        example=f"ADS:EDS: REQ {PEER} {CON} clusters: 16",
        gives={"xds_type": "EDS", "peer": PEER, "clusters": 16, **ONE},
    ),
    _request(
        "ADS:LDS: REQ {connection_id}{? {peer:peer}}",
        until="1.7",
        origin=ADS,
        sets={"xds_type": "LDS"},
        example=f"ADS:LDS: REQ {CON} {PEER}",
        gives={"peer": PEER, **ONE},
    ),
    _request(
        "ADS:CDS: REQ {connection_id} version:{push_version}",
        level="info",
        since="1.6",
        until="1.7",
        origin=XDS,
        sets={"xds_type": "CDS"},
        example=f"ADS:CDS: REQ {CON} version:{VERSION}",
        gives={"push_version": VERSION, **ONE},
    ),
    _request(
        "ADS:{xds_type}: REQ {connection_id} resources:{resources} nonce:{nonce} version:{push_version}",
        since="1.15",
        origin=XDS,
        example=f"ADS:LDS: REQ {NEW} resources:3 nonce:{NONCE} version:{VERSION} ",
        gives={"xds_type": "LDS", "resources": 3, "nonce": NONCE, "push_version": VERSION, **TWO},
    ),
    _request(
        "ADS:{xds_type}: REQ {connection_id} resources sub:{subscribed:int} unsub:{unsubscribed:int} nonce:{nonce}",
        scope="delta",
        since="1.21",
        origin=DELTA,
        example=f"ADS:EDS: REQ {NEW} resources sub:4 unsub:1 nonce:{NONCE}",
        gives={"xds_type": "EDS", "subscribed": 4, "unsubscribed": 1, "nonce": NONCE, **TWO},
    ),
    _request(
        "ADS:{xds_type} REQUEST {connection_id}: sub:{subscribed:list} unsub:{unsubscribed:list} initial:{:list}",
        scope="delta",
        since="1.22",
        origin=DELTA,
        example=f"ADS:EDS REQUEST {NEW}: sub:[outbound|80||a.b outbound|81||a.b] unsub:[] initial:map[]",
        gives={"xds_type": "EDS", "subscribed": 2, "unsubscribed": 0, **TWO},
    ),
    _request(
        "{?d}ADS:{xds_type}: {?INIT/RECONNECT{|}INIT{|}RECONNECT} {connection_id}"
        "{? {nonce} resources:{resources}{|} {push_version} {nonce}{|} {nonce}}",
        scope="ads delta",
        since="1.7",
        origin=DELTA,
        example=f"ADS:CDS: INIT/RECONNECT {NEW} {VERSION} {NONCE}",
        gives={"xds_type": "CDS", "push_version": VERSION, "nonce": NONCE, **TWO},
    ),
    _request(
        "{?d}ADS:{xds_type}: RESOURCE CHANGE previous resources: {:list}, new resources: {resources:list} {connection_id}"
        "{? {push_version} {nonce}{|} {nonce}}",
        scope="ads delta",
        since="1.7",
        until="1.24",
        origin=DELTA,
        example=f"ADS:EDS: RESOURCE CHANGE previous resources: [a], new resources: [a b] {NEW} {VERSION} {NONCE}",
        gives={"xds_type": "EDS", "resources": 2, "push_version": VERSION, "nonce": NONCE, **TWO},
    ),
    _request(
        "ADS:{xds_type}: RESOURCE CHANGE added {subscribed:list} removed {unsubscribed:list} {connection_id} {push_version} {nonce}",
        since="1.14",
        origin=XDS,
        example=f"ADS:EDS: RESOURCE CHANGE added [a b] removed [] {NEW} {VERSION} {NONCE}",
        gives={"xds_type": "EDS", "subscribed": 2, "unsubscribed": 0, "push_version": VERSION, "nonce": NONCE, **TWO},
    ),
    _request(
        "ADS:{xds_type}: RESOURCE CHANGE {connection_id} {nonce}",
        scope="delta",
        since="1.25",
        origin=DELTA,
        example=f"ADS:EDS: RESOURCE CHANGE {NEW} ",
        gives={"xds_type": "EDS", **TWO},
    ),
    _request(
        "ADS: got Delta Request for: {xds_type}",
        scope="delta",
        since="1.14",
        until="1.14",
        origin=DELTA,
        example=f"ADS: got Delta Request for: {URL}",
        gives={"xds_type": "CDS"},
    ),
    _request(
        "Got Delta Request: {xds_type}",
        since="1.10",
        until="1.13",
        origin=DELTA,
        example=f"Got Delta Request: {URL}",
        gives={"xds_type": "CDS"},
    ),
    _request(
        "delta request: {:text}",
        since="1.10",
        until="1.11",
        origin=DELTA,
        example="delta request: [outbound|80||a.b]",
    ),
)

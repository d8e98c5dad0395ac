"""Lines of pilot and istiod about what proxies answer: ACKs, stale nonces, NACKs, and what is no longer watched."""

from __future__ import annotations

from functools import partial

from istiolog_pd.formats.catalog.pilot_requests import (
    ADS,
    CON,
    DELTA,
    EDS,
    NEW,
    NONCE,
    ONE,
    PEER,
    TWO,
    URL,
    VERSION,
    XDS,
)
from istiolog_pd.formats.template import Format

_ack = partial(Format, "xds_ack", level="debug", scope="ads")
_nack = partial(Format, "xds_nack", level="warn", scope="ads")
_stale = partial(Format, "xds_stale_nonce", level="debug", scope="ads")
_unwatch = partial(Format, "xds_unwatch", level="debug", scope="ads")

FORMATS: tuple[Format, ...] = (
    # acknowledgements
    _ack(
        "ADS:CDS: ACK {peer:peer} {nonce:request_text}",
        until="1.1",
        origin=ADS,
        sets={"xds_type": "CDS"},
        example=f'ADS:CDS: ACK {PEER} version_info:"{VERSION}" node:<id:"x" > response_nonce:"n" ',
        gives={"peer": PEER, "push_version": VERSION, "nonce": "n"},
    ),
    _ack(
        "ADS:LDS: ACK {nonce:request_text}",
        until="1.1",
        origin=ADS,
        sets={"xds_type": "LDS"},
        example=f'ADS:LDS: ACK version_info:"{VERSION}" node:<id:"x" > response_nonce:"n" ',
        gives={"push_version": VERSION, "nonce": "n"},
    ),
    _ack(
        "EDS: ACK {connection_id} {push_version} {clusters:list}",
        until="1.0",
        origin=EDS,
        sets={"xds_type": "EDS"},
        example=f"EDS: ACK {CON} {VERSION} [outbound|80||a.b]",
        gives={"push_version": VERSION, "clusters": 1, **ONE},
    ),
    _ack(
        "ADS:{xds_type}: ACK {peer:peer} {connection_id:acker} {?({:parens}) }{push_version} {nonce:message}",
        until="1.5",
        origin=ADS,
        example=f"ADS:RDS: ACK {PEER} {CON} (web-1.shop) {VERSION} {NONCE}",
        gives={"xds_type": "RDS", "peer": PEER, "push_version": VERSION, "nonce": NONCE, **ONE},
    ),
    _ack(
        "ADS: ACK {connection_id} {push_version} {nonce} {duration}",
        since="1.6",
        until="1.7",
        origin="pilot/pkg/xds/gen2.go",
        example=f"ADS: ACK {CON} {VERSION} {NONCE} 1.5ms",
        gives={"push_version": VERSION, "nonce": NONCE, "duration": 1_500_000, **ONE},
    ),
    _ack(
        "{?d}ADS:{xds_type}: ACK {? }{connection_id:acker} {?{push_version} {nonce}{|}{nonce}}",
        scope="ads delta",
        since="1.6",
        origin=DELTA,
        example=f"ADS:CDS: ACK {NEW} {VERSION} {NONCE}",
        gives={"xds_type": "CDS", "push_version": VERSION, "nonce": NONCE, **TWO},
    ),
    # answers to an older push
    _stale(
        "ADS:RDS: Expired nonce received {peer:peer} {?{connection_id} ({:parens}), sent {|}{connection_id}, sent }{:word}, received {nonce}",
        since="1.1",
        until="1.5",
        origin=ADS,
        sets={"xds_type": "RDS"},
        example=f"ADS:RDS: Expired nonce received {PEER} {CON} (&{{x}}), sent b, received a",
        gives={"peer": PEER, "nonce": "a", **ONE},
    ),
    _stale(
        "ADS:{?{xds_type}:} Expired nonce received {connection_id}, sent {:word}, received {nonce}",
        since="1.6",
        until="1.7",
        origin="pilot/pkg/xds/gen2.go",
        example=f"ADS:RDS: Expired nonce received {CON}, sent b, received a",
        gives={"xds_type": "RDS", "nonce": "a", **ONE},
    ),
    _stale(
        "{?d}ADS:{xds_type}: REQ {connection_id} Expired nonce received {nonce}, {?sent {:word}{|}but we never sent any nonce}",
        level="debug fatal",
        scope="ads delta",
        since="1.7",
        origin=XDS,
        example=f"ADS:CDS: REQ {NEW} Expired nonce received a, sent b",
        gives={"xds_type": "CDS", "nonce": "a", **TWO},
    ),
    # rejections
    _nack(
        "ADS:ACK {peer:peer} {connection_id} {xds_type}",
        until="1.0",
        origin=ADS,
        example=f"ADS:ACK {PEER} {CON} {URL}",
        gives={"peer": PEER, "xds_type": "CDS", **ONE},
    ),
    _nack(
        "ADS:NACK {peer:peer} {connection_id} {error:request}",
        until="1.0",
        origin=ADS,
        example=f'ADS:NACK {PEER} {CON} response_nonce:"n" error_detail:<code:13 message:"bad" > ',
        gives={"peer": PEER, "error": "bad", "grpc_code": 13, "nonce": "n", **ONE},
    ),
    _nack(
        "ADS:LDS: ACK ERROR {peer:peer} {node_id} {error:request_text}",
        until="1.1",
        origin=ADS,
        sets={"xds_type": "LDS"},
        example=f'ADS:LDS: ACK ERROR {PEER} web-1.shop-2 version_info:"v" error_detail:<code:13 message:"bad" > ',
        gives={"peer": PEER, "node_id": "web-1.shop-2", "error": "bad", "grpc_code": 13, "push_version": "v"},
    ),
    _nack(
        "{?ADS:CDS: {|}ADS:EDS: {|}EDS: }ACK ERROR {peer:peer} {connection_id} {error:request_text}",
        until="1.1",
        origin=ADS,
        example=f'ADS:CDS: ACK ERROR {PEER} {CON} error_detail:<code:13 message:"bad" > type_url:"{URL}" ',
        gives={"peer": PEER, "error": "bad", "grpc_code": 13, "xds_type": "CDS", **ONE},
    ),
    _nack(
        "ADS:{xds_type}: ACK {?PROTOCOL }ERROR {peer:peer} {connection_id} ({:parens}) {error:request_text}",
        until="1.3",
        origin=ADS,
        example=f'ADS:RDS: ACK ERROR {PEER} {CON} (web-1.shop) error_detail:<code:13 message:"bad" > ',
        gives={"xds_type": "RDS", "peer": PEER, "error": "bad", "grpc_code": 13, **ONE},
    ),
    _nack(
        "ADS:{xds_type}: ACK ERROR {peer:peer} {connection_id} {?({:parens}) }{grpc_code:grpc_name}:{error:message}",
        since="1.4",
        until="1.5",
        origin=ADS,
        example=f"ADS:LDS: ACK ERROR {PEER} {CON} (web-1.shop) Internal:Error adding/updating listener 0.0.0.0_80",
        gives={
            "xds_type": "LDS",
            "peer": PEER,
            "grpc_code": 13,
            "error": "Error adding/updating listener 0.0.0.0_80",
            **ONE,
        },
    ),
    _nack(
        "ADS: ACK ERROR {connection_id} {grpc_code:grpc_name}:{error:message}",
        since="1.6",
        until="1.7",
        origin="pilot/pkg/xds/gen2.go",
        example=f"ADS: ACK ERROR {CON} Internal:bad",
        gives={"grpc_code": 13, "error": "bad", **ONE},
    ),
    _nack(
        "{?d}ADS:{xds_type}: ACK ERROR {connection_id} {grpc_code:grpc_name}:{error:message}",
        level="warn",
        scope="ads delta",
        since="1.6",
        origin=XDS,
        example=f"ADS:EDS: ACK ERROR {NEW} Internal:Error adding/updating listener(s) 0.0.0.0_80: duplicate",
        gives={
            "xds_type": "EDS",
            "grpc_code": 13,
            "error": "Error adding/updating listener(s) 0.0.0.0_80: duplicate",
            **TWO,
        },
    ),
    # no longer watched
    _unwatch(
        "EDS: {?remove{|}Remove} unwatched cluster node{?={|}:}{connection_id} cluster{?={|}:}{cluster}",
        level="info debug",
        until="1.5",
        origin=EDS,
        sets={"xds_type": "EDS"},
        example=f"EDS: remove unwatched cluster node={CON} cluster=outbound|443||kubernetes.default.svc.cluster.local",
        gives={"cluster": "outbound|443||kubernetes.default.svc.cluster.local", "cluster_port": 443, **ONE},
    ),
    _unwatch(
        "ADS:{xds_type}: UNSUBSCRIBE {connection_id} {push_version} {nonce}",
        since="1.8",
        origin=XDS,
        example=f"ADS:EDS: UNSUBSCRIBE {NEW} {VERSION} {NONCE}",
        gives={"xds_type": "EDS", "push_version": VERSION, "nonce": NONCE, **TWO},
    ),
    _unwatch(
        "ADS:{xds_type} REMOVE {removed:list}",
        level="info debug",
        since="1.10",
        until="1.12",
        origin=DELTA,
        example="ADS:CDS REMOVE [outbound|80||a.b outbound|81||a.b]",
        gives={"xds_type": "CDS", "removed": 2},
    ),
    _unwatch(
        "ADS:{xds_type} {?REMOVE for node:{connection_id} {|}{connection_id} REMOVE }{removed:list}",
        scope="ads delta",
        since="1.13",
        origin=DELTA,
        example=f"ADS:CDS REMOVE for node:{NEW} [outbound|80||a.b]",
        gives={"xds_type": "CDS", "removed": 1, **TWO},
    ),
)

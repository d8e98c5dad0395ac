"""Which samples a Go expression of the tables prints: the expressions mean the same all over Istio."""

from __future__ import annotations

from collections.abc import Mapping

from filling import names as n
from filling import values as v
from filling.sample import ANY, Pool, Sample, column, numbers, open_to, optional, plain, with_text

SUBJECTS: tuple[tuple[Pool, str], ...] = (
    (
        n.CONNECTIONS,
        "con.ConID; con.conID; con.ID(); conID; conn.conID; conn.ConID; conn.ID(); client.ConID; client.conID; client.ID(); connection.ConID; "
        "connectionID",
    ),
    (n.NODES, "con.modelNode.ID; con.node.ID; con.proxy.ID; proxy.ID; con.proxyID"),
    (n.FULL_NODES, "discReq.Node.Id"),
    (n.STRUCTS, "con.modelNode; con.node"),
    (n.PEERS, "peerAddr; con.Peer(); con.PeerAddr; con.peerAddr; connection.PeerAddr; peerInfo.Addr.String()"),
    (n.OTHER_PEERS, "oldcon.PeerAddr"),
    (n.NO_PEERS, "noPeer"),
    (
        n.TYPES,
        "stype; xdsType; v3.GetShortType(w.TypeUrl); v3.GetShortType(res.TypeUrl); model.GetShortType(res.TypeUrl)",
    ),
    (column("xds_type", "EDS"), "v3.GetShortType(v3.EndpointType)"),
    (column("xds_type", "SDS"), "SDS"),
    (n.URLS, "w.TypeUrl; resp.TypeUrl; req.TypeUrl; res.TypeUrl; discReq.TypeUrl; typeURL"),
    (n.CLUSTERS, "clusterName; b.clusterName; rc"),
    (
        n.CLUSTER_IDS,
        "cluster.ID; clusterID; options.ClusterID; s.clusterID; c.opts.ClusterID; "
        "args.RegistryOptions.KubeOptions.ClusterID",
    ),
    (n.SERVICES, "svc.Name; currSvc.Name; ep.Name; svcName; namespacedName.Name"),
    (n.HOSTS, "hostname; b.hostname; serviceName; si.Service.Hostname; currConv.Hostname"),
    (optional(n.HOSTS), "instance.Service.Hostname.String()"),
    (n.ENTRIES, "curr.Name; entryName; workItem.entryName; wle.Name"),
    (
        n.NAMESPACES,
        "svc.Namespace; currSvc.Namespace; si.Namespace; ep.Namespace; slice.Namespace; ns; namespacedName.Namespace; pod.Namespace; "
        "si.Service.Attributes.Namespace; curr.Namespace; proxy.Metadata.Namespace; wle.Namespace; wi.Namespace; "
        "workItem.proxy.Metadata.Namespace; namespace",
    ),
    (n.PODS, "pod.Name"),
    (n.POD_KEYS, "config.NamespacedName(pod).String()"),
    (n.SERVICE_KEYS, "key"),
    (n.ADDRESSES, "ea.IP; si.Endpoint.Address; wi.Endpoint.Address"),
    (n.MAYBE_ADDRESSES, "ip"),
    (v.CONFIGS, "configsUpdated(req)"),
    (v.REASONS, "reasonsUpdated(req)"),
)

MEASURES: tuple[tuple[Pool, str], ...] = (
    (n.VERSIONS, "version; versionInfo(); versionLocal; pushEv.version; ver"),
    (
        n.MAYBE_VERSIONS,
        "discReq.VersionInfo; request.VersionInfo; req.VersionInfo; req.Push.PushVersion; resp.VersionInfo; "
        "resp.SystemVersionInfo",
    ),
    (n.OTHER_VERSIONS, "currentVersion"),
    (n.NONCES, "discReq.ResponseNonce; resp.Nonce"),
    (n.MAYBE_NONCES, "request.ResponseNonce; req.ResponseNonce"),
    (n.OTHER_NONCES, "routeNonceSent; nonceSent"),
    ([*n.OTHER_NONCES, Sample("")], "previousInfo.NonceSent"),
    (
        v.DURATIONS,
        "time.Since(t0); time.Since(tstart); time.Since(pushEv.push.Start); initContextTime; time.Since(w.LastSent); "
        "time.Since(s.discoveryStartTime); time.Since(s.DiscoveryStartTime); time.Since(processStartTime); time.Since(st); time.Since(start); delta",
    ),
    (
        v.SETTINGS,
        "options.ResyncPeriod; options.MaxServerConnectionAge; a.terminationDrainDuration; a.minDrainDuration; "
        "delayDuration; maxWait; w.config.InitialDelay",
    ),
    (v.QUIET, "time.Since(lastClearCacheEvent); since; quietTime"),
    (v.SINCE_LAST_PUSH, "time.Since(lastClearCache)"),
    (v.DEBOUNCE, "eventDelay"),
    (numbers("debounce_id"), "clearCacheEvents; events; pushCounter"),
    (numbers("debounced_events"), "debouncedEvents"),
    (v.BOOLS["full"], "ds.fullPush; fullPush; req.Full"),
    (v.BOOLS["forced"], "req.Forced"),
    (
        numbers("services"),
        "len(push.Services); len(s.services); len(push.Services(nil)); len(req.Push.Services(nil)); totalService; len(edsUpdates)",
    ),
    (
        v.EDS_UPDATES,
        "edsUpdates; req.EdsUpdates; model.ConfigNamesOfKind(req.ConfigsUpdated, gvk.ServiceEntry); model.ConfigNamesOfKind(req.ConfigsUpdated, model.ServiceEntryKind)",
    ),
    (numbers("virtual_services"), "len(s.virtualServices); len(push.VirtualServiceConfigs)"),
    (numbers("connected_endpoints"), "adsClientCount(); s.adsClientCount()"),
    (numbers("routes"), "len(rawRoutes); len(con.Routes); len(con.Routes())"),
    (numbers("listeners"), "len(rawListeners)"),
    (numbers("clusters"), "len(rawClusters); len(con.Clusters); len(con.Clusters())"),
    (v.CLUSTER_LISTS, "con.Clusters"),
    (numbers("endpoints"), "endpoints; len(endpoints)"),
    (v.ADDRESS_LISTS, "addresses"),
    (v.SUBSETS, "ep.Subsets"),
    (numbers("empty"), "emptyClusters"),
    (v.EMPTY, "empty"),
    (numbers("cached", 0, 40, 123), "cached"),
    (numbers("cacheable", 0, 42, 456), "cached+regenerated; cached + regenerated"),
    (
        numbers("resources"),
        "len(cl); len(res); len(resources); len(results); len(req.ResourceNames); len(request.InitialResourceVersions)",
    ),
    (numbers("removed"), "len(resp.RemovedResources)"),
    (v.REMOVED_LISTS, "resp.RemovedResources"),
    (numbers("size_bytes"), "response.Size(); sz"),
    (
        v.SIZES,
        "util.ByteCount(ResourceSize(res)); util.ByteCount(ResourceSize(resources)); "
        "util.ByteCount(ResourceSize(results)); util.ByteCount(configSize)",
    ),
    (v.PUSH_KINDS, "ptype"),
    (v.PUSH_REASONS, "req.PushReason()"),
    (v.INFO, "info"),
    (v.DEBUG, "debug; debu"),
    (v.CODES, "errCode.String()"),
    (v.REJECTIONS, "discReq.ErrorDetail.GetMessage(); request.ErrorDetail.GetMessage()"),
    (v.ERRORS, "err; err.Error()"),
)

TEXTS: tuple[tuple[Pool, str], ...] = (
    (v.NAMES, "previousResources; added; removed; resp.Resources; request.ResourceNamesSubscribe; "
     "request.ResourceNamesUnsubscribe; request.InitialResourceVersions"),
    # their number is printed as `resources:` by other versions
    (v.RESOURCE_LISTS, "request.ResourceNames; currentResources; "
     "con.proxy.WatchedResources[request.TypeUrl].ResourceNames"),
    (optional(v.CLUSTER_LISTS), "clusters2"),
    (plain("[]", "[spiffe://cluster.local/ns/shop-2/sa/web a b]"), "ids; con.Identities; identities"),
    (open_to("error", "[]", "[Authenticator X509: no verified chain is found; other: b]"), "authFailMsgs; am.FailedMessages()"),
    (plain("/debug/syncz", "/debug/config_dump?proxyID=web-1.shop"), "req.URL"),
    (plain("map[]", "map[sidecar~10.0.0.1~web-1.shop~shop.svc-8:0xc0004]"), "c.EdsClients"),
    (plain("outbound|80||a.b", "0.0.0.0_80", "80"), "r.Name"),
    (v.EVENTS, "event; ev"),
    (plain("Running", "Pending"), "pod.Status.Phase"),
    (plain("", " with health checking enabled"), "hcMessage"),
    (plain("Pod", "Service"), "wi.Kind"),
    (optional([*column("address", "172.17.0.3"), Sample("[172.17.0.3 fd00:10::9]")]), "wi.Endpoint.Addresses"),
    (plain("true", "false"), "periodic"),
    (v.INTEGERS,
     "len(pending); currentlyPending; c.cs.Len(); a.cs.Len(); b.port; h.uid(); len(req.ResourceNamesSubscribe); len(req.ResourceNamesUnsubscribe); port; gc; "
     "percent; heap; goal; procs; pushThrottle; pushBurst; l.cycle.Load(); len(c.cs.remoteClusters); j.uid(); "
     "backOffInMilliSec; httpRespCode; epoch; status.epoch; a.retry.budget; s.statusPort; active; ac; adminPort; "
     "retryCount; timeoutSeconds; exitError.ExitCode(); concurrency; CPULimit; runtime.NumCPU(); limit"),
    (plain("0.012", "16089.641"), "start"),
    (plain("0.011+10+7.0", "0.015+8.9+0.046"), "clock"),
    (plain("0.045+7.5/7.9/13+28"), "cpu"),
    (plain("[map[version:v1]]", "[]", "map[app:web version:v1]"), "labels; subsetLabels"),
    (plain("&Endpoints{ObjectMeta:v1.ObjectMeta{Name:web,Namespace:shop},Subsets:[{[{10.0.0.1  nil}] [] []}],}"), "ep"),
    (plain("172.17.0.3", "web-1.shop"), "id"),
    (plain("spiffe://cluster.local/ns/default/sa/default", "default"), "e.ServiceAccount"),
    (plain("Kubernetes/cluster-1", "External/shop"), "shard"),
    (plain("[ServiceEntry/shop/cart.shop.svc.cluster.local]", "map[]", "[]"), "configs"),
    (open_to("reason", "map[endpoint:1 service:2]", "map[]"), "reasons"),
    ([Sample("[a.default.svc.cluster.local b.default.svc.cluster.local]", {}, {"services": 2, "service": ANY}),
      Sample("[]", {}, {"services": 0})], "hostnames"),
    (plain("{http 5000 HTTP}", "{tcp-1 9000 TCP}"), "*instance.Endpoint.ServicePort"),
    (v.JSONS, "string(out)"),
    (v.DUMPS, "spew.Sdump(s.clusterStore); spew.Sdump(mesh); meshdump; networksdump; "
     " spew.Sdump(args); spew.Sdump(meshConfig); spew.Sdump(meshNetworks)"),
    (plain("root@6f6ea1061f2b-docker.io/istio-1.0.5-c1707e45e71c75d74bf3a5dec8c7086f32f32fad-Clean",
           "unknown@unknown-unknown-unknown-unknown-unknown", "1.30.3-ff94dd3-Clean"), "version.Info.String()"),
    (v.YAMLS, "PrettyFormatOfMeshConfig(meshConfig); mesh.PrettyFormatOfMeshConfig(s.environment.Mesh()); meshwatcher.PrettyFormatOfMeshConfig(s.environment.Mesh()); "
     "argsdump; meshwatcher.PrettyFormatOfMeshNetworks(s.environment.MeshNetworks()); out; string(content)"),
    (v.LISTEN, "listener.Addr(); httpsListener.Addr(); args.Service.Consul.ServerURL; listener.Addr().String(); grpcListener.Addr(); grpcListener.Addr().String(); "
     "secureGrpcListener.Addr(); s.HTTPListener.Addr(); s.GRPCListener.Addr(); s.SecureGrpcListener.Addr(); "
     "httpListener.Addr(); args.RegistryOptions.ConsulServerAddr; configSource.Address; addr; p.addr; resolvedAddr"),
    (v.PATHS, "args.ServerOptions.HTTPAddr; s.httpServer.Addr; args.MeshConfigFile; args.NetworksConfigFile; certDir; "
     "options.IngressGatewayUDSPath; options.WorkloadUDSPath; options.GatewayUDSPath; "
     "security.WorkloadIdentitySocketPath; security.GetIstioSDSServerSocketPath(); fileOverride; path"),
    (plain("networking.istio.io/v1alpha3, Kind=VirtualService", "/v1, Kind=Pod"),
     "ctl.schema.Resource().GroupVersionKind(); ctl.schema.GroupVersionKind(); ctl.clusterGvk; gk; kind"),
    (plain("informer/Pods", "serviceentry/outputs/Services", "virtualservice/MergedVirtualServices[a b]"),
     "h.name(); j.name(); a"),
    (plain("default/istio-leader", "istio-namespace-controller-election"), "desc; l.electionID"),
    (v.WORDS, "serviceRegistry; kube.IstioConfigMap; kube.IstioNamespace; controller2.IstioNamespace; "
     "controller2.IstioConfigMap; o.name; connKey; deltaResources; options.WatchedNamespace; "
     "features.JwtPolicy; features.JwtPolicy.Get(); c.o.ServiceName; host; "
     "name; kubecontroller.IstioConfigMap; kubecontroller.IstioNamespace; features.IstiodServiceCustomHost.Get(); "
     "features.IstiodServiceCustomHost; features.PilotCertProvider; p.protocol; proxy.clusterID; credFetcherTypeEnv; "
     "o.TrustDomain; event.Op.String()"),
    (v.TEXTS, "reason; errUnsupported"),
)  # fmt: skip

AGENT_TEXTS: tuple[tuple[Pool, str], ...] = (
    (n.FULL_NODES, "proxyID"),
    (numbers("connection"), "id"),
    (n.PREFIXES, "conIDresourceNamePrefix; sdsLogPrefix(con.conID, resourceName)"),
    (n.RESOURCE_PREFIXES, "logPrefix; sdsLogPrefix(resourceName)"),
    (with_text(n.PREFIXES, "@ CSR"), "requestErrorString"),
    (plain("default", "ROOTCA", "file-cert:/etc/certs/cert.pem~/etc/certs/key.pem"), "resourceName; resource; ckey"),
    (v.PATHS[:2], "file; fname; dir; d; event.Name; path; absFilePath; targetPath; fc.TargetPath; newTargetPath; "
     "resolvedFilePath; symlinkPath; symlinkDir; k8sCAPath; security.DefaultRootCertFilePath; "
     "caCertFile; cache.ExistingRootCertFile; cache.DefaultRootCertFilePath; "
     "configuredAgentSocketPath; tlsOpts.RootCert"),
    (plain("istiod.istio-system.svc:15012", "localhost:15010", "[fd00::1]:15012"),
     "p.istiodAddress; proxy.istiodAddress; sa.secOpts.CAEndpoint; serverOptions.CAEndpoint; a.secOpts.CAEndpoint; opts.CAEndpoint"),
    (plain("Citadel", "GkeWorkloadCertificate", ""), "sa.secOpts.CAProviderName; a.secOpts.CAProviderName"),
    (plain("PRE_INITIALIZING", "INITIALIZING"), "info.State.String()"),
    (plain("quitquitquit", "/drain"), "quitPath; drainPath"),
    (plain("Epoch 0", "Epoch 2"), "i.logID()"),
    (open_to("error", "signal: killed", "exit status 1"), "i.waitErr; errKill; status.err; ctx.Err(); e"),
    (plain("[/usr/local/bin/envoy -c etc/istio/proxy/envoy-rev0.json --restart-epoch 0 --log-format %Y\t%l]"),
     "i.cmd.Args; args"),
    (plain("[10.0.0.1 fe80::1]", "[]"), "ipAddr; ipAddrs; excludeAddrs; node.Metadata.PilotSubjectAltName"),
    (plain("1048576", "unlimited"), "outStr"),
    (plain('[]string{"/etc/certs/cert-chain.pem", "/etc/certs/key.pem"}', "[]string(nil)"),
     "tlsCertsToWatch; tlsCerts; certs; pilotSAN; mixerSAN"),
    (n.ROLES, "role"),
    (plain("10.0.0.9"), "ip"),
    (plain("/bin/sh -c exit"), "cmd.String()"),
    (plain("*health.HTTPProber"), "w.prober"),
    (plain('"/etc/certs/key.pem": WRITE'), "ev.String()"),
    (plain('{"scrape":"true","path":"/stats"}'), "prom"),
    (plain("{}", "discoveryAddress: istiod:15012\nconcurrency: 2\n"), "proxyConfigEnv; annotationOverride"),
    (plain("sidecar.istio.io/excludeInterfaces"), "annotation.SidecarTrafficExcludeInterfaces.Name"),
)  # fmt: skip


def _table(*groups: tuple[tuple[Pool, str], ...]) -> Mapping[str, Pool]:
    found: dict[str, Pool] = {}
    for group in groups:
        for pool, expressions in group:
            for expression in (text.strip() for text in expressions.split(";")):
                found[expression] = pool
    # An expression with a `;` of its own cannot stand in the tables above.
    joined = open_to("error", "Authenticator X509: no verified chain is found; other: b")
    found['strings.Join(authFailMsgs, "; ")'] = found['strings.Join(authFailMsgs, ";")'] = joined
    return found


ARGUMENTS: Mapping[str, Mapping[str, Pool]] = {
    "pilot": _table(SUBJECTS, MEASURES, TEXTS),
    "agent": _table(SUBJECTS, MEASURES, TEXTS, AGENT_TEXTS),
}

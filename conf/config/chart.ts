/** A key of the chart whose feature is not built yet. */
export interface Unbuilt {
  readonly path: string;
  /** What the feature is, for the error. */
  readonly feature: string;
  /** Values that ask for it; absent: everything but false, "none", "disabled", 0 and nothing. */
  readonly values?: readonly string[];
}

/** Features of Cilium's chart that axoneme does not have yet: a value that asks for one is an error, any other value is what we do anyway. */
export const unbuilt: readonly Unbuilt[] = [
  {
    path: 'ipam.mode',
    feature: 'IPAM by Kubernetes or a cloud',
    values: ['kubernetes', 'crd', 'eni', 'azure', 'alibabacloud', 'delegated-plugin'],
  },
  { path: 'routingMode', feature: 'tunnel routing', values: ['tunnel'] },
  { path: 'bpf.masquerade', feature: 'masquerading' },
  { path: 'bpf.hostLegacyRouting', feature: 'routing by the host stack' },
  { path: 'bpf.tproxy', feature: 'the L7 proxy' },
  { path: 'enableIPv4Masquerade', feature: 'masquerading' },
  { path: 'enableIPv6Masquerade', feature: 'masquerading' },
  { path: 'ipMasqAgent.enabled', feature: 'masquerading' },
  { path: 'enableIPv4BIGTCP', feature: 'BIG TCP' },
  { path: 'enableIPv6BIGTCP', feature: 'BIG TCP' },
  { path: 'autoDirectNodeRoutes', feature: 'routes between nodes' },
  { path: 'endpointRoutes.enabled', feature: 'routes per endpoint' },
  { path: 'kubeProxyReplacement', feature: 'service load balancing' },
  { path: 'socketLB.enabled', feature: 'service load balancing' },
  { path: 'nodePort.enabled', feature: 'service load balancing' },
  { path: 'hostPort.enabled', feature: 'service load balancing' },
  { path: 'externalIPs.enabled', feature: 'service load balancing' },
  { path: 'localRedirectPolicies.enabled', feature: 'local redirect policies' },
  { path: 'localRedirectPolicy', feature: 'local redirect policies' },
  { path: 'policyEnforcementMode', feature: 'policy', values: ['always'] },
  { path: 'hostFirewall.enabled', feature: 'the host firewall' },
  { path: 'encryption.enabled', feature: 'encryption' },
  { path: 'encryption.nodeEncryption', feature: 'encryption' },
  { path: 'authentication.mutual.spire.enabled', feature: 'mutual authentication' },
  { path: 'hubble.enabled', feature: 'Hubble' },
  { path: 'bandwidthManager.enabled', feature: 'bandwidth management' },
  { path: 'egressGateway.enabled', feature: 'the egress gateway' },
  { path: 'ingressController.enabled', feature: 'the ingress controller' },
  { path: 'gatewayAPI.enabled', feature: 'the gateway API' },
  { path: 'clustermesh.useAPIServer', feature: 'cluster mesh' },
  { path: 'l2announcements.enabled', feature: 'layer 2 announcements' },
  { path: 'bgpControlPlane.enabled', feature: 'BGP' },
  { path: 'nat46x64Gateway.enabled', feature: 'NAT46/64' },
  { path: 'multicast.enabled', feature: 'multicast' },
  { path: 'vtep.enabled', feature: 'VTEP' },
  { path: 'nodeIPAM.enabled', feature: 'node IPAM' },
  { path: 'cni.chainingMode', feature: 'chaining' },
  { path: 'cni.chainingTarget', feature: 'chaining' },
  { path: 'eni.enabled', feature: 'cloud IPAM' },
  { path: 'azure.enabled', feature: 'cloud IPAM' },
  { path: 'alibabacloud.enabled', feature: 'cloud IPAM' },
  { path: 'gke.enabled', feature: 'cloud routing' },
  { path: 'aksbyocni.enabled', feature: 'cloud routing' },
];

/** True when the value asks for the feature. Values are compared as text, since Helm's users quote booleans. */
export function asksFor({ values }: Unbuilt, value: unknown): boolean {
  if (value === null || value === undefined) return false;
  const text = String(value).toLowerCase();
  return values ? values.includes(text) : !['', 'false', 'none', 'disabled', 'off', '0'].includes(text);
}

/** Keys of the chart with which axoneme has nothing to do, by path; what stands below them is not looked at. */
export const ignoredKeys: ReadonlySet<string> = new Set(
  `
  affinity agent agentNotReadyTaintKey aksbyocni alibabacloud annotateK8sNode annotations apiRateLimit authentication azure
  bandwidthManager bgpControlPlane certgen ciliumEndpointSlice cleanBpfState cleanState cluster clustermesh cni commonLabels
  conntrackGCInterval conntrackGCMaxInterval containerRuntime crdWaitTimeout customCalls daemon dashboards defaultLBServiceIPAM
  directRoutingSkipUnreachable disableEndpointCRD dnsPolicy dnsProxy egressGateway enableCiliumEndpointSlice enableCriticalPriorityClass
  enableInternalTrafficPolicy enableK8sTerminatingEndpoint enableLBIPAM enableMasqueradeRouteSource enableNoServiceEndpointsRoutable
  enableNonDefaultDenyPolicies enableRuntimeDeviceDetection enableTunnelBIGTCP enableXTSocketFallback encryption endpointHealthChecking
  endpointLockdownOnMapOverflow endpointRoutes endpointStatus eni envoy envoyConfig etcd externalIPs externalWorkloads extraArgs
  extraConfig extraContainers extraEnv extraHostPathMounts extraInitContainers extraVolumeMounts extraVolumes forceDeviceDetection
  gatewayAPI gke healthCheckICMPFailureThreshold healthChecking healthPort highScaleIPcache hostFirewall hostPort hubble
  identityAllocationMode identityChangeGracePeriod identityManagementMode image imagePullSecrets ingressController initResources
  installNoConntrackIptablesRules ipMasqAgent iptablesRandomFully ipv4NativeRoutingCIDR ipv6NativeRoutingCIDR k8s
  k8sClientExponentialBackoff k8sClientRateLimit k8sNetworkPolicy k8sServiceHost k8sServiceHostRef k8sServiceLookupConfigMapName
  k8sServiceLookupNamespace k8sServicePort keepDeprecatedLabels keepDeprecatedProbes kubeConfigPath kubeProxyReplacementHealthzBindAddr
  l2NeighDiscovery l2announcements l2podAnnouncements l7Proxy livenessProbe loadBalancer localRedirectPolicies logSystemLoad maglev
  monitor multicast name namespaceOverride nat nat46x64Gateway nodeIPAM nodePort nodeSelector nodeSelectorLabels nodeinit operator
  pmtuDiscovery podAnnotations podLabels podSecurityContext policyCIDRMatchMode policyDenyResponse pprof preflight priorityClassName
  prometheus proxy rbac readinessProbe remoteNodeIdentity resourceQuotas resources rollOutCiliumPods scheduling sctp
  secretsNamespaceAnnotations secretsNamespaceLabels securityContext serviceAccounts serviceNoBackendResponse sleepAfterInit socketLB
  standaloneDnsProxy startupProbe svcSourceRangeCheck synchronizeK8sNodes terminationGracePeriodSeconds tls tolerations
  tunnelPort tunnelProtocol tunnelSourcePortRange underlayProtocol updateStrategy upgradeCompatibility vtep waitForKubeProxy
  wellKnownIdentities
  bpf.authMapMax bpf.autoMount bpf.ctAccounting bpf.ctAnyMax bpf.ctTcpMax bpf.disableExternalIPMitigation bpf.distributedLRU
  bpf.events bpf.lbAlgorithmAnnotation bpf.lbExternalClusterIP bpf.lbMapMax bpf.lbModeAnnotation bpf.lbSourceRangeAllTypes
  bpf.mapDynamicSizeRatio bpf.monitorFlags bpf.monitorInterval bpf.monitorTraceIPOption bpf.natMax bpf.neighMax bpf.nodeMapMax
  bpf.policyMapMax bpf.policyMapPressureMetricsThreshold bpf.policyStatsMapMax bpf.preallocateMaps bpf.root bpf.vlanBypass
  debug.metricsSamplingInterval debug.verbose
  ipam.ciliumNodeUpdateRate ipam.installUplinkRoutesForDelegatedIPAM ipam.multiPoolPreAllocation ipam.nodeSpec
  ipam.operator.externalAPILimitBurstSize ipam.operator.externalAPILimitQPS
  `
    .trim()
    .split(/\s+/),
);

/**
 * Nodes, pods, links and container runtimes in network namespaces of one machine, for tests of CNI plugins. Knows plugins and daemons only by
 * their executables, sockets and files. Works in any test runner or none; needs root.
 */
export { Capture, type CaptureOptions, capture, excerptOf, writeCaptures } from './capture/capture.ts';
export { type Decoded, decodeFrame } from './capture/decode.ts';
export { Packet, type PacketFilter } from './capture/packet.ts';
export { ConformanceBench } from './conformance/bench.ts';
export { formatCall } from './conformance/call.ts';
export { type ConformanceItem, titleOf } from './conformance/item.ts';
export { conformanceItems } from './conformance/items/index.ts';
export { type ConformanceReport, formatReport, type ItemReport, REPORT_FORMATS, type ReportFormat } from './conformance/report.ts';
export type { ConformanceOptions } from './conformance/subject.ts';
export type { Trial } from './conformance/trial.ts';
export {
  type Call,
  Deviation,
  type Level,
  NotApplicable,
  type Outcome as ConformanceOutcome,
  type PluginRole,
} from './conformance/verdict.ts';
export { type HarnessCode, HarnessError } from './errors.ts';
export { type ClockShift, spawnWithClock } from './fault/clock.ts';
export { type FullDiskOptions, fillDisk, makeReadOnly } from './fault/disk.ts';
export type { Fault } from './fault/fault.ts';
export { type Freezable, pause, type SlowOptions, slow } from './fault/freeze.ts';
export { type KillOptions, killWhenSeen, type Victim } from './fault/kill.ts';
export { httpAnswer, type Rule, type Trouble } from './fault/rule.ts';
export { interpose, SocketProxy } from './fault/socket-proxy.ts';
export type { Family } from './lab/address.ts';
export type { ExecOptions, ExecResult } from './lab/exec.ts';
export { Lab, type LabPlan, type LinkPlanEntry } from './lab/lab.ts';
export { Link, type LinkOptions } from './lab/link.ts';
export type { LinkEnd } from './lab/link-types.ts';
export { Machine, type MachineOptions, type Role } from './lab/machine.ts';
export { NetworkNamespace } from './lab/namespace.ts';
export { Node } from './lab/node.ts';
export type { AddressPlan, PodNetwork } from './lab/plan.ts';
export { Pod, type PodOptions } from './lab/pod.ts';
export { sweep } from './lab/reaper.ts';
export { Service, type ServiceEnd } from './lab/service.ts';
export type { Emulation, LinkShape } from './lab/shape.ts';
export * as load from './load/index.ts';
export { type DnsTarget, serveDns, type Zone } from './probe/dns.ts';
export type { RecordType } from './probe/dns-message.ts';
export { type EchoOptions, type ProbeResult, tcpEcho, udpEcho } from './probe/echo.ts';
export type { HttpTarget } from './probe/http.ts';
export type { Outcome } from './probe/outcome.ts';
export { type PingOptions, type PingResult, pathMtu, ping } from './probe/ping.ts';
export { type Reached, type ReachOptions, type ReachTarget, reach } from './probe/reach.ts';
export { bindUdp, connectTcp, listenTcp } from './probe/socket.ts';
export { EchoStream, type StreamReport } from './probe/stream.ts';
export { type Attachment, type AttachmentKey, attachmentOf } from './runtime/attachment.ts';
export { type CacheEntry, ResultCache } from './runtime/cache.ts';
export { CniError, type PluginFailure } from './runtime/cni-error.ts';
export type { Files } from './runtime/discovery.ts';
export type { Command, Invocation, PluginHost } from './runtime/invoke.ts';
export { type Network, type PluginConfig, parseNetwork, parseSingle } from './runtime/network.ts';
export type { Result, ResultInterface, ResultIp, ResultRoute } from './runtime/result.ts';
export { type CallOptions, Runtime, type RuntimeOptions } from './runtime/runtime.ts';
export { type PodWishes, type RuntimeName, runPod, runtimeEnvironment, stopPod } from './runtime/sandbox.ts';
export type { VersionInfo } from './runtime/version-info.ts';
export { type Change, diff, expectNoChange, formatChanges } from './snapshot/diff.ts';
export { type Section, type SectionName, type Snapshot, type SnapshotOptions, snapshot } from './snapshot/snapshot.ts';
export type { Kernel } from './vm/kernel.ts';
export { type KernelName, kernelNames } from './vm/kernels.ts';
export type { RawResult, RunOptions, VirtualMachine } from './vm/virtual-machine.ts';
export { type VmOptions, vm } from './vm/vm.ts';

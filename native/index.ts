/**
 * The kernel interface: descriptors, namespaces, files in namespaces, netlink transport and BPF objects. Imports no other folder.
 * Errors carry a stable `code`; what a call can fail with stands at the call.
 */
export { setAddonDirectory } from './binding.ts';
export { bootId, bootTime } from './boot-time.ts';
export { AttachType, LinkFlags, LinkType, MapFlags, MapType, ProgramType, UpdateFlags } from './bpf/constants.ts';
export { type Copied, copyEntries, copyObstacle } from './bpf/copy.ts';
export { countCpus, possibleCpus } from './bpf/cpus.ts';
export { type Answer, demand, type Feature, features, probe, unsupported } from './bpf/features.ts';
export { type LinkInfo, linkInfo, type MapInfo, mapInfo, type ProgramInfo, programInfo } from './bpf/info.ts';
export type { Layout, LayoutValue } from './bpf/layout.ts';
export { createLink, detachLink, type LinkOptions, type LinkTarget, updateLink } from './bpf/link.ts';
export { BpfMap, type BpfMapOptions } from './bpf/map.ts';
export {
  type BpfObject,
  inspectObject,
  type LoadOptions,
  loadObject,
  type MapShape,
  type ObjectShape,
  type VariableValue,
} from './bpf/object.ts';
export { getPinned, openIfPinned, pin } from './bpf/pin.ts';
export { loadProgram, silentLoss } from './bpf/program.ts';
export { attachedPrograms, devicesLacking, programById } from './bpf/query.ts';
export { createMap, mapDelete, mapEntries, mapGet, mapGetBatch, mapNextKey, mapSet, type RawBatch, type RawEntry } from './bpf/raw-map.ts';
export { openRingBuffer, type RingBufferReader } from './bpf/ring-buffer.ts';
export { type RingRecorder, recordRingBuffer } from './bpf/ring-recorder.ts';
export { type TestRunInput, type TestRunOutput, testRun } from './bpf/test-run.ts';
export {
  BpfError,
  errnoName,
  errnoText,
  hasErrno,
  MapMismatchError,
  NetlinkError,
  type NetlinkErrorDetail,
  NotNamespaceError,
  SyscallError,
  Unsupported,
  VerifierError,
} from './errors.ts';
export { Fd, liveFds } from './fd.ts';
export { isFileLocked, takeFileLock } from './file-lock.ts';
export { FileSystemType, MountFlags, mount, openFileIn, readFileIn, statfsType, umount, writeFileIn } from './files.ts';
export { type InetSocketOptions, openInetSocket } from './inet.ts';
export { type Interface, interfaceAt } from './interface.ts';
export { keepMallocSmall, releaseExecutable, trimMalloc } from './memory.ts';
export * from './netlink/index.ts';
export { createNetns, isNetns, Netns } from './netns.ts';
export { adoptNetlinkSocket, type Datagram, type NetlinkSocketOptions, netlinkTransact, openNetlinkSocket, recv } from './socket.ts';
export { getSysctl, setSysctl, sysctlPath } from './sysctl.ts';
export { createMemoryFile, type Peer, type Received, readMemoryFile, UnixConnection, UnixListener } from './unix.ts';
export { type FdWatcher, watchFd } from './watch.ts';
export { writeNow } from './write.ts';

/**
 * The border to the kernel: descriptors, namespaces, files in namespaces, netlink transport and BPF objects. Imports nothing of ours.
 * Errors carry a stable `code`; what a call can fail with stands at the call.
 */
export { setAddonDirectory } from './binding.ts';
export {
  BpfError,
  errnoName,
  errnoText,
  hasErrno,
  NetlinkError,
  type NetlinkErrorDetail,
  NotNamespaceError,
  SyscallError,
  Unsupported,
  VerifierError,
} from './errors.ts';
export { Fd, liveFds } from './fd.ts';
export { FileSystemType, MountFlags, mount, openFileIn, readFileIn, statfsType, umount, writeFileIn } from './files.ts';
export * from './netlink/index.ts';
export { createNetns, isNetns, Netns } from './netns.ts';
export { type NetlinkSocketOptions, netlinkTransact, openNetlinkSocket, recv } from './socket.ts';
export { getSysctl, setSysctl, sysctlPath } from './sysctl.ts';
export { type FdWatcher, watchFd } from './watch.ts';

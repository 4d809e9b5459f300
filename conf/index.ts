/** Every word that crosses a border of axoneme: CNI types, versions, errors and results; the daemon's API; names and paths. */
export * from './api/types.ts';
export { type CniArgs, parseCniArgs } from './cni/args.ts';
export { type Environment, type Invocation, parseEnvironment } from './cni/env.ts';
export { CNI_CODES, CniError, type CniErrorBody, type CniErrorName, errorBody, toCniError } from './cni/errors.ts';
export { decodeJson, type NetConf, parseNetConf } from './cni/netconf.ts';
export { decodeResult, encodeResult } from './cni/result.ts';
export type { RuntimeConfig } from './cni/runtime-config.ts';
export * from './cni/types.ts';
export {
  CNI_VERSIONS,
  type CniVersion,
  CURRENT_VERSION,
  isSupportedVersion,
  parseVersion,
  requireCommand,
  SUPPORTED_VERSIONS,
} from './cni/versions.ts';
export { type DeleteRecord, deleteRecordName, parseDeleteRecord } from './delete-record.ts';
export { EXTERNAL_POOLS, HOST_IFNAME, hostIfname, LINK_NAMES, NET_IFNAME, POD_IFNAME_PREFIX } from './names.ts';
export { type Paths, paths } from './paths.ts';

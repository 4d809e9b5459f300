/**
 * The daemon's configuration. What loads a library stays behind `loadConfig`; `parseConfig` is in `parse.ts` for those who want it at once.
 */
export { deepFreeze, defaultConfig } from './defaults.ts';
export { isSelectedDevice } from './devices.ts';
export { ConfigError, type ConfigProblem } from './error.ts';
export { type LoadedConfig, loadConfig } from './load.ts';
export { type NodePool, type NodePools, nodePools } from './pools.ts';
export type { DaemonConfig, MonitorAggregation, ParsedConfig, PoolFamily, PoolTemplate } from './types.ts';

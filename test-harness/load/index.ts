/**
 * Load on a plugin and on the paths that it makes, and what can be said about it. Numbers of one run on one machine mean little; ratios of things
 * that were measured in turns mean something.
 */
export { type AttachFailure, type AttachOptions, type AttachReport, attach, type VerbReport } from './attach.ts';
export { type CompareOptions, type Comparison, compare, comparisonOf, type Trial } from './compare.ts';
export {
  type ConnectionReport,
  connectionRate,
  type MeterSettings,
  type RoundTripReport,
  type RoundTripSettings,
  roundTrip,
  type ThroughputReport,
  throughput,
} from './meter.ts';
export { median, quantile, ratioInterval, type Summary, summarize } from './statistics.ts';

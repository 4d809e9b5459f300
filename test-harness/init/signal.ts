import { constants } from 'node:os';

/** The name of a signal by its number on Linux. */
export function signalName(number: number): NodeJS.Signals {
  const found = Object.entries(constants.signals).find(([, value]) => value === number);
  // real-time signals have no names in Node
  return (found?.[0] ?? `SIG${number}`) as NodeJS.Signals;
}

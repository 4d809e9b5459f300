import { portName } from '../../model/syntax.ts';
import type { Report } from '../schema/rules.ts';

type Fields = Readonly<Record<string, unknown>>;

/** A port of a NetworkPolicy: a number or a name; a range needs a number to begin with, and ends not before it. */
export function checkPortRange({ port, endPort }: Fields, report: Report): void {
  if (typeof port === 'number' && (port < 1 || port > 65535)) report(['port'], `expected a port from 1 to 65535, got ${port}`);
  if (typeof port === 'string' && !portName.matches(port)) report(['port'], `expected ${portName.what}, got ${JSON.stringify(port)}`);
  if (typeof endPort !== 'number') return;
  if (port === undefined) report(['endPort'], 'needs port, where the range begins');
  else if (typeof port === 'string') report(['endPort'], `cannot stand beside the name of a port, ${JSON.stringify(port)}`);
  else if (typeof port === 'number' && endPort < port) report(['endPort'], `${endPort} is below port ${port}`);
}

import type { Health, IpamStatus, MetricRow, PoolStatus, Status } from '../../conf/api/types.ts';
import { fields, table } from '../lib/table.ts';

const healthWords: Record<Health['state'], string> = { ok: 'Ok', degraded: 'Degraded', starting: 'Starting' };

/** The rows of `axoneme status`. */
export function statusText(status: Status): string {
  const { health, ipam, datapath, endpoints } = status;
  return fields([
    ['Axoneme', [`${healthWords[health.state]}   ${health.version}`, ...health.problems].join('\n')],
    ...warningRows(health),
    ['Node', status.node],
    ...poolRows(ipam),
    ['Routing', datapath.routing],
    ['Attach Mode', attachText(datapath)],
    ['Device Mode', `${datapath.deviceMode} (${datapath.deviceReason})`],
    ['Devices', datapath.devices.join(', ') || 'none'],
    [
      'Endpoints',
      `${endpoints.ready}/${endpoints.total} ready${endpoints.disconnected > 0 ? `, ${endpoints.disconnected} disconnected` : ''}`,
    ],
  ]);
}

function warningRows({ warnings = [] }: Health): [string, string][] {
  return warnings.length === 0 ? [] : [['Warnings', warnings.join('\n')]];
}

/** `TCX`, as Cilium says it; what is less than that says why. */
function attachText({ attachMode, attachReason }: Status['datapath']): string {
  return attachMode === 'TCX' ? attachMode : `${attachMode} (${attachReason})`;
}

/** What `--verbose` adds: addresses with their owners, the datapath's settings, its counters, the daemon's process. */
export function verboseText(status: Status): string {
  const { ipam, datapath, burials, daemon } = status;
  const routers = [datapath.routers.ipv4, datapath.routers.ipv6].filter((address) => address !== undefined);
  const details = fields([
    ['Router', routers.join(', ') || 'none'],
    ['MTU', String(datapath.mtu)],
    ['Kernel', datapath.kernel],
    ['Burials', `${burials.endpoints} in ${burials.batches} batches, ${burials.waiting} waiting`],
    ['Daemon', `pid ${daemon.pid}, since ${daemon.startedAt}, ${(daemon.residentBytes / 1e6).toFixed(1)} MB resident`],
  ]);
  return [
    details,
    ['Allocated addresses:', ...ipam.addresses.map(({ address, owner }) => `  ${address} (${owner})`)].join('\n'),
    counters('Forwarded', status.forwarded),
    counters('Drops', status.drops),
  ].join('\n');
}

/** `IPv4: 3/6 allocated from 172.20.42.0/29`: Cilium's words; one row per pool where there are several. */
function poolRows({ mode, pools }: IpamStatus): [string, string][] {
  if (mode === 'cluster-pool') return [['IPAM', pools.map(poolText).join(', ')]];
  const names = [...new Set(pools.map((pool) => pool.name))];
  return [
    [
      'IPAM',
      names
        .map(
          (name) =>
            `${name}: ${pools
              .filter((p) => p.name === name)
              .map(poolText)
              .join(', ')}`,
        )
        .join('\n'),
    ],
  ];
}

function poolText({ family, cidrs, allocated, capacity }: PoolStatus): string {
  return cidrs.length === 0 ? `IPv${family}: no block yet` : `IPv${family}: ${allocated}/${capacity} allocated from ${cidrs.join(', ')}`;
}

function counters(title: string, rows: readonly MetricRow[]): string {
  if (rows.length === 0) return `${title}: none`;
  const cells = rows.map((row) => [`  ${row.reason}`, row.direction.toUpperCase(), row.packets, row.bytes]);
  return `${title}:\n${table(['  REASON', 'DIRECTION', 'PACKETS', 'BYTES'], cells)}`;
}

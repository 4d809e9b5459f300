import { bpfCommands, bpfGroup } from './bpf/commands.ts';
import { completionCommands } from './completion/commands.ts';
import { configCommands, configGroup } from './config/commands.ts';
import { daemonCommands } from './daemon/commands.ts';
import { endpointCommands, endpointGroup } from './endpoint/commands.ts';
import { installCommands } from './install/commands.ts';
import { ipamCommands, ipamGroup } from './ipam/commands.ts';
import type { CommandTable } from './lib/spec.ts';
import { statusCommands } from './status/commands.ts';
import { versionCommands } from './version/commands.ts';

/** The commands of every noun. The only file that names them all. */
export const table: CommandTable = {
  groups: { endpoint: endpointGroup, ipam: ipamGroup, bpf: bpfGroup, config: configGroup },
  commands: [
    ...statusCommands,
    ...endpointCommands,
    ...ipamCommands,
    ...bpfCommands,
    ...configCommands,
    ...installCommands,
    ...daemonCommands,
    ...versionCommands,
    ...completionCommands(() => table),
  ],
};

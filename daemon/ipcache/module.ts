import * as z from 'zod/mini';
import * as schemas from '../../conf/api/schemas.ts';
import type { Core, Module } from '../module.ts';

/** The identities of prefixes. */
export function ipcacheModule(core: Core): Module {
  return {
    name: 'ipcache',
    routes: [
      {
        method: 'GET',
        path: '/v1/bpf/ipcache',
        operation: 'bpfIpcache',
        summary: 'Rows of the map axo_ipcache',
        answer: z.array(schemas.bpfIpcacheRow),
        run: () => core.running.datapath.ipcache.rows(),
      },
    ],
  };
}

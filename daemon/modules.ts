import { datapathModule } from './datapath/module.ts';
import { endpointModule } from './endpoint/module.ts';
import { ipamModule } from './ipam/module.ts';
import { ipcacheModule } from './ipcache/module.ts';
import type { Core, Module } from './module.ts';

/** Every feature of the daemon, in the order of its start. The only file that names them all. */
export const createModules = (core: Core): Module[] => [datapathModule(core), ipcacheModule(core), ipamModule(core), endpointModule(core)];

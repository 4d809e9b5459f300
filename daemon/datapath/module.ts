import { release } from 'node:os';
import * as z from 'zod/mini';
import * as schemas from '../../conf/api/schemas.ts';
import type { Status } from '../../conf/api/types.ts';
import type { Route } from '../api/route.ts';
import type { Core, Module } from '../module.ts';
import type { Datapath } from './datapath.ts';

/** Programs, maps, devices and routes of the node. */
export function datapathModule(core: Core): Module {
  const datapath = () => core.running.datapath;
  return {
    name: 'datapath',
    routes: routes(datapath),
    stop: () => datapath().close(),
    problems: () => datapath().problems,
    warnings: () => datapath().warnings,
    status: () => statusOf(datapath()),
  };
}

function routes(datapath: () => Datapath): Route[] {
  return [
    {
      method: 'GET',
      path: '/v1/bpf/endpoints',
      operation: 'bpfEndpoints',
      summary: 'Rows of the map axo_endpoints',
      answer: z.array(schemas.bpfEndpointRow),
      run: () => datapath().endpointRows(),
    },
  ];
}

function statusOf(datapath: Datapath): Pick<Status, 'datapath' | 'drops' | 'forwarded'> {
  return {
    datapath: {
      deviceMode: datapath.device.mode,
      deviceReason: datapath.device.reason,
      attachMode: datapath.attach.mode,
      attachReason: datapath.attach.reason,
      routing: 'Network: Native   Host: BPF',
      devices: [...datapath.devices],
      routers: datapath.routers,
      mtu: datapath.mtu,
      kernel: release(),
    },
    ...datapath.readMetrics(),
  };
}

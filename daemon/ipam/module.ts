import * as schemas from '../../conf/api/schemas.ts';
import type { Core, Module } from '../module.ts';

/** The node's pools and addresses. */
export function ipamModule(core: Core): Module {
  const addressing = () => core.running.addressing;
  return {
    name: 'ipam',
    routes: [
      {
        method: 'GET',
        path: '/v1/ipam',
        operation: 'ipam',
        summary: 'Pools and allocated addresses',
        answer: schemas.ipamStatus,
        run: () => addressing().status(),
      },
    ],
    // An ADD waits for addresses that buried endpoints are about to give back.
    addressProblems: (pool) => (core.running.manager.burials.waiting > 0 ? [] : addressing().problems(pool)),
    status: () => ({ ipam: addressing().status() }),
  };
}

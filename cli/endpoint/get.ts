import type { Endpoint } from '../../conf/api/types.ts';
import type { ApiClient } from '../lib/client.ts';
import { print, type Run } from '../lib/context.ts';
import { CliError } from '../lib/errors.ts';
import { endpointText, podName } from './text.ts';

export const run: Run = async (context, { args }) => {
  const endpoint = await find(context.api, args[0] ?? '');
  print(context, endpoint, () => endpointText(endpoint));
  return 0;
};

/** By number, else by address, by `namespace/name`, or by a beginning of the container id that only one has. */
async function find(api: ApiClient, what: string): Promise<Endpoint> {
  if (/^\d{1,5}$/.test(what)) return api.endpoint(Number(what));
  const endpoints = await api.get('/v1/endpoints');
  const exact = endpoints.filter((e) => e.ipv4?.address === what || e.ipv6?.address === what || podName(e) === what);
  const found = exact.length > 0 ? exact : endpoints.filter((e) => what !== '' && e.containerId.startsWith(what));
  const [endpoint, ...others] = found;
  if (!endpoint)
    throw new CliError(`find endpoint ${what}: none has this id, address, pod or container; see 'axoneme endpoint list -o wide'`);
  if (others.length > 0) throw new CliError(`find endpoint ${what}: several have it: ${found.map((e) => e.id).join(', ')}`);
  return endpoint;
}

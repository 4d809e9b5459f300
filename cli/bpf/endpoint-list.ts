import { print, type Run } from '../lib/context.ts';
import { bpfEndpointTable } from './text.ts';

export const run: Run = async (context) => {
  const body = await context.api.get('/v1/bpf/endpoints');
  print(context, body, () => bpfEndpointTable(body));
  return 0;
};

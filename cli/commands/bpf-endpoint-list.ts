import { print, type Run } from '../context.ts';
import { bpfEndpointTable } from '../text/bpf.ts';

export const run: Run = async (context) => {
  const body = await context.api.get('/v1/bpf/endpoints');
  print(context, body, () => bpfEndpointTable(body));
  return 0;
};

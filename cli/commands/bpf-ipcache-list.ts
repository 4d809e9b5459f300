import { print, type Run } from '../context.ts';
import { bpfIpcacheTable } from '../text/bpf.ts';

export const run: Run = async (context) => {
  const body = await context.api.get('/v1/bpf/ipcache');
  print(context, body, () => bpfIpcacheTable(body));
  return 0;
};

import { print, type Run } from '../lib/context.ts';
import { bpfIpcacheTable } from './text.ts';

export const run: Run = async (context) => {
  const body = await context.api.get('/v1/bpf/ipcache');
  print(context, body, () => bpfIpcacheTable(body));
  return 0;
};

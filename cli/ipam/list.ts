import { print, type Run } from '../lib/context.ts';
import { ipamText } from './text.ts';

export const run: Run = async (context) => {
  const body = await context.api.get('/v1/ipam');
  print(context, body, () => ipamText(body));
  return 0;
};

import { print, type Run } from '../lib/context.ts';
import { configText } from './text.ts';

export const run: Run = async (context) => {
  const body = await context.api.get('/v1/config');
  print(context, body, () => configText(body));
  return 0;
};

import { print, type Run } from '../context.ts';
import { configText } from '../text/config.ts';

export const run: Run = async (context) => {
  const body = await context.api.get('/v1/config');
  print(context, body, () => configText(body));
  return 0;
};

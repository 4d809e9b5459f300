import { print, type Run } from '../lib/context.ts';
import { endpointTable } from './text.ts';

export const run: Run = async (context) => {
  const endpoints = await context.api.get('/v1/endpoints');
  print(context, endpoints, () => endpointTable(endpoints, context.format === 'wide'));
  return 0;
};

import { print, type Run } from '../lib/context.ts';
import { statusText, verboseText } from './text.ts';

/** Fails (1) unless the daemon would serve an ADD, so that a script can wait for it. */
export const run: Run = async (context, { options }) => {
  const status = await context.api.get('/v1/status');
  print(context, status, () => (options['verbose'] ? `${statusText(status)}\n${verboseText(status)}` : statusText(status)));
  return status.health.state === 'ok' ? 0 : 1;
};

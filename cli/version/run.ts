import { version } from '../../conf/version.ts';
import { Unreachable } from '../lib/client.ts';
import { type Context, print, type Run } from '../lib/context.ts';

export const run: Run = async (context) => {
  const daemon = await daemonVersion(context);
  const text = () =>
    [
      `Client: axoneme ${version} (node ${process.version}, ${process.platform}/${process.arch})`,
      daemon.version ? `Daemon: axoneme ${daemon.version}` : `Daemon: ${daemon.problem}`,
    ].join('\n');
  print(context, { client: version, node: process.version, platform: process.platform, arch: process.arch, daemon }, text);
  return 0;
};

/** A daemon that is away is no failure here: the question was what is installed. */
async function daemonVersion({ api }: Context): Promise<{ version?: string; problem?: string }> {
  try {
    return { version: (await api.get('/v1/healthz')).version };
  } catch (error) {
    if (error instanceof Unreachable) return { problem: error.message };
    throw error;
  }
}

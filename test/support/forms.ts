import type { Node } from '../../test-harness/index.ts';
import { executables } from './axoneme.ts';

const folder = '/opt/cold/bin';

/** A folder on the node in which the cold executable goes by the plugin's name: a runtime that looks there starts it without the launcher. */
export async function coldPlugins(node: Node): Promise<string> {
  await node.run(['sh', '-c', `mkdir -p ${folder} && ln -sf ${executables.cold} ${folder}/axoneme-cni`]);
  return folder;
}

const launcherFolder = '/opt/warm/bin';

/** A folder on the node with the launcher alone: a call that the daemon does not serve itself fails. */
export async function warmPlugins(node: Node): Promise<string> {
  await node.run(['sh', '-c', `mkdir -p ${launcherFolder} && cp ${executables.plugin} ${launcherFolder}/`]);
  return launcherFolder;
}

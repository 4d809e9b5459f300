import { HarnessError } from '../errors.ts';
import { type Network, parseNetwork, parseSingle, withPlugins } from './network.ts';

/** The little of a machine's files that a runtime needs; a {@link Machine} has it. */
export interface Files {
  listFolder(path: string): Promise<string[]>;
  readFile(path: string): Promise<string>;
  /** `mode` is that of chmod(2) */
  writeFile(path: string, content: string, mode?: number): Promise<void>;
  remove(path: string): Promise<void>;
  exists(path: string): Promise<boolean>;
}

/**
 * All networks of a folder, in the order in which a runtime prefers them: by file name, `.conf`, `.conflist` and `.json` together, as containerd does.
 * One bad file fails them all, because a runtime that skipped it would quietly use another network. Throws BAD_NETWORK.
 */
export async function discover(files: Files, confDir: string): Promise<Network[]> {
  const networks: Network[] = [];
  for (const name of await configurationFiles(files, confDir)) networks.push(await load(files, confDir, name));
  return networks;
}

/**
 * The network that pods get when nobody names one: that of the first file by name, whatever its ending. No later file is read, so that a bad first one
 * fails the call, as in containerd; with `skipBad` the first good one is taken, as by CRI-O. Throws NO_SUCH_NETWORK and BAD_NETWORK.
 */
export async function defaultNetwork(files: Files, confDir: string, skipBad = false): Promise<Network> {
  for (const name of await configurationFiles(files, confDir)) {
    try {
      return await load(files, confDir, name);
    } catch (error) {
      if (!skipBad) throw error;
    }
  }
  throw new HarnessError('NO_SUCH_NETWORK', `find a network: there is no ${skipBad ? 'good ' : ''}configuration in ${confDir}`);
}

async function configurationFiles(files: Files, confDir: string): Promise<string[]> {
  return (await files.listFolder(confDir)).filter((name) => /\.(conf|conflist|json)$/.test(name));
}

/** The network of that name; `.conflist` files are looked at before single configurations, as libcni's lookup does. Throws NO_SUCH_NETWORK. */
export async function findNetwork(files: Files, confDir: string, name: string): Promise<Network> {
  const all = await configurationFiles(files, confDir);
  const lists = all.filter((file) => file.endsWith('.conflist'));
  const singles = all.filter((file) => !file.endsWith('.conflist'));
  for (const file of [...lists, ...singles]) {
    const network = await load(files, confDir, file);
    if (network.name === name) return network;
  }
  throw new HarnessError('NO_SUCH_NETWORK', `find network ${name}: none of the ${all.length} files in ${confDir} has that name`);
}

async function load(files: Files, confDir: string, file: string): Promise<Network> {
  const path = `${confDir}/${file}`;
  const text = await files.readFile(path);
  if (!file.endsWith('.conflist')) return parseSingle(text, path);
  const network = parseNetwork(text, path);
  const complete = network.loadOnlyInlinedPlugins ? network : withPlugins(network, await dropIns(files, `${confDir}/${network.name}`));
  if (complete.plugins.length === 0) throw new HarnessError('BAD_NETWORK', `load ${path}: no plugins`);
  return complete;
}

async function dropIns(files: Files, folder: string): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const name of await files.listFolder(folder)) {
    if (name.endsWith('.conf')) texts.set(`${folder}/${name}`, await files.readFile(`${folder}/${name}`));
  }
  return texts;
}

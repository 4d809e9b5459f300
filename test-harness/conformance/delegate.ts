import type { Node } from '../lab/node.ts';
import type { Json } from '../runtime/network.ts';
import { isObject } from '../runtime/network.ts';
import type { ResultIp } from '../runtime/result.ts';
import type { RequestOptions } from './request.ts';
import type { Subject } from './subject.ts';

/** What the delegate was asked. */
export interface DelegateCall {
  readonly command: string;
  readonly containerId: string;
  readonly netns: string;
  readonly ifname: string;
  readonly args: string;
  readonly path: string;
  readonly config: Json;
}

const FOLDER = '/run/conformance';

/** Type of the delegate, and name of its executable. */
const TYPE = 'conformance-ipam';

/** Verbs that end with an error are named in `fail`; every call leaves a file with its variables and one with its input. */
const SCRIPT = `#!/bin/sh
cd ${FOLDER} || exit 9
n=$(date +%s%N)
cat > "$n.in"
printf '%s\\n' "$CNI_COMMAND" "$CNI_CONTAINERID" "$CNI_NETNS" "$CNI_IFNAME" "$CNI_ARGS" "$CNI_PATH" > "$n.env"
echo "the delegate's own words" >&2
version=$(sed 's/.*"cniVersion":[ ]*"\\([^"]*\\)".*/\\1/' "$n.in" | head -n 1)
if grep -qx "$CNI_COMMAND" fail 2> /dev/null; then
  printf '{"cniVersion":"%s","code":142,"msg":"the delegate was told to fail"}' "$version"
  exit 1
fi
if [ "$CNI_COMMAND" = VERSION ]; then cat versions; fi
if [ "$CNI_COMMAND" = ADD ]; then sed "s/VERSION/$version/" result; fi
`;

/**
 * A delegate of the harness (an IPAM plugin, specification 1.1.0, section 4) that remembers what it was asked and fails when told to. It hands out one
 * address, of the network that the plugin's own configuration is about.
 */
export class Delegate {
  readonly #node: Node;
  readonly #subject: Subject;

  /** of its result, with prefix length */
  readonly addresses: readonly string[];

  private constructor(node: Node, subject: Subject, addresses: readonly string[]) {
    this.addresses = addresses;
    this.#node = node;
    this.#subject = subject;
  }

  /** It will answer in `version` with these addresses, without the indices of interfaces that a result of the plugin itself has. */
  static async install(
    node: Node,
    subject: Subject,
    version: string,
    ips: readonly ResultIp[],
    routes: readonly Json[],
  ): Promise<Delegate> {
    await node.remove(FOLDER);
    await node.writeFile(`${FOLDER}/bin/${TYPE}`, SCRIPT, 0o755);
    const own = ips.map(({ interface: _, ...ip }) => ip);
    await node.writeFile(`${FOLDER}/result`, JSON.stringify({ cniVersion: 'VERSION', ips: own, routes }));
    await node.writeFile(`${FOLDER}/versions`, JSON.stringify({ cniVersion: version, supportedVersions: [version] }));
    return new Delegate(
      node,
      subject,
      own.map((ip) => ip.address),
    );
  }

  /** What makes a request use this delegate. */
  request(options: RequestOptions = {}): RequestOptions {
    const { ipam } = this.#subject.config;
    const own = { ...(isObject(ipam) ? ipam : {}), type: TYPE };
    const env = { CNI_PATH: [`${FOLDER}/bin`, ...this.#subject.pluginDirs].join(':'), ...options.env };
    return { ...options, env, config: { ...options.config, ipam: own } };
  }

  /** From now on these verbs fail. */
  async failAt(...verbs: readonly string[]): Promise<void> {
    await this.#node.writeFile(`${FOLDER}/fail`, `${verbs.join('\n')}\n`);
  }

  /** All calls since the last time that this was asked, in order. */
  async calls(): Promise<DelegateCall[]> {
    const names = (await this.#node.listFolder(FOLDER)).filter((name) => name.endsWith('.env'));
    return Promise.all(names.map((name) => this.#take(name.slice(0, -'.env'.length))));
  }

  async #take(name: string): Promise<DelegateCall> {
    const read = async (suffix: string) => {
      const text = await this.#node.readFile(`${FOLDER}/${name}.${suffix}`);
      await this.#node.remove(`${FOLDER}/${name}.${suffix}`);
      return text;
    };
    const [command = '', containerId = '', netns = '', ifname = '', args = '', path = ''] = (await read('env')).split('\n');
    const input = await read('in');
    return { command, containerId, netns, ifname, args, path, config: JSON.parse(input) as Json };
  }

  async remove(): Promise<void> {
    await this.#node.remove(FOLDER);
  }
}

import { Netns, Rtnetlink } from '../../native/index.ts';
import { HarnessError } from '../errors.ts';
import { bareAddress, type Family, familyOf } from './address.ts';
import { type ExecOptions, type ExecResult, exec, type Place, run } from './exec.ts';
import { Service } from './service.ts';

/**
 * A network namespace with a way to run things in it: the common part of a machine and a pod, and what every probe takes as its ends.
 */
export abstract class NetworkNamespace {
  readonly name: string;

  protected constructor(name: string) {
    this.name = name;
  }

  /** Where commands go. */
  abstract get place(): Place;

  /** A path by which the test process can open the network namespace. */
  abstract get netnsFile(): string;

  /** Runs a command to its end; a non-zero exit status is a result, not an error. */
  exec(argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    return exec(this.place, argv, options);
  }

  /** Runs a command that must succeed and returns its standard output; throws COMMAND_FAILED with its own words. */
  run(argv: readonly string[], options: ExecOptions = {}): Promise<string> {
    return run(this.place, argv, options);
  }

  /** Starts a long-running command. It ends with the machine at the latest. */
  spawn(argv: readonly string[], options: Pick<ExecOptions, 'env'> = {}): Service {
    return Service.start(this.place, argv, options);
  }

  /** Opens the network namespace; the caller disposes it. */
  netns(): Netns {
    return Netns.open(this.netnsFile);
  }

  /** A netlink client inside the namespace; the caller disposes it. The client outlives the descriptor of the namespace. */
  async netlink(): Promise<Rtnetlink> {
    using netns = this.netns();
    return await Rtnetlink.open(netns);
  }

  /** The addresses that others can reach, of both families, each with its prefix length. Loopback and link-local ones are left out. */
  async addresses(): Promise<string[]> {
    using netlink = await this.netlink();
    const rows = await netlink.addresses.list();
    return rows.filter((row) => row.scope === 'global').map((row) => row.address);
  }

  /** The first global address of a family, without prefix length. Throws NO_ADDRESS. */
  async address(family: Family): Promise<string> {
    const found = (await this.addresses()).find((address) => familyOf(address) === family);
    if (found === undefined) throw new HarnessError('NO_ADDRESS', `take the IPv${family} address of ${this.name}: it has none`);
    return bareAddress(found);
  }
}

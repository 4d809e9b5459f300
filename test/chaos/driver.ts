/**
 * Runs inside a node of the lab: several workers that ADD and DEL in cycles for a while, some of whose plugins are killed on the way. Reads an
 * {@link Order} from the command line, writes a {@link Tally} as JSON.
 */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { Random } from './random.ts';

export interface Order {
  readonly plugin: string;
  readonly seed: number;
  /** CNI_NETNS of each worker, which it uses again and again */
  readonly netns: readonly string[];
  /** milliseconds after which no worker begins another cycle */
  readonly duration: number;
  /** how many plugin processes of a hundred are killed */
  readonly killed: number;
}

/** What the workers met. */
export interface Tally {
  cycles: number;
  killed: number;
  /** ADDs that failed with the daemon away (CNI code 11): a runtime tries them again */
  refused: number;
  /** what must not be: `ADD: code 999: ...` */
  readonly failures: string[];
}

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly killed: boolean;
}

class Worker {
  readonly #order: Order;
  readonly #netns: string;
  readonly #random: Random;
  readonly #tally: Tally;

  constructor(order: Order, index: number, tally: Tally) {
    this.#order = order;
    this.#netns = order.netns[index] ?? '';
    this.#random = new Random(order.seed * 1000 + index);
    this.#tally = tally;
  }

  /** ADD, perhaps once more, and DEL until it has succeeded, as a runtime does. */
  async cycle(): Promise<void> {
    const id = this.#random.hex(64);
    const added = await this.#run('ADD', id);
    if (added.code !== 0 && this.#random.chance(0.3)) await this.#run('ADD', id, added.killed);
    while ((await this.#run('DEL', id)).code !== 0);
    this.#tally.cycles += 1;
  }

  /** `mayExist`: an ADD before was killed, perhaps after its last step. */
  async #run(verb: 'ADD' | 'DEL', id: string, mayExist = false): Promise<Outcome> {
    const outcome = await this.#spawn(verb, id);
    if (outcome.killed) this.#tally.killed += 1;
    else if (outcome.code !== 0) this.#judge(verb, outcome, mayExist);
    return outcome;
  }

  #judge(verb: 'ADD' | 'DEL', { stdout }: Outcome, mayExist: boolean): void {
    const { code, msg } = parse(stdout);
    if (verb === 'ADD' && code === 11) this.#tally.refused += 1;
    else if (!(mayExist && /exists/.test(String(msg)))) this.#tally.failures.push(`${verb}: ${stdout.trim().slice(0, 400)}`);
    if (this.#tally.failures.length > 20) throw new Error(this.#tally.failures.join('\n'));
  }

  async #spawn(verb: 'ADD' | 'DEL', id: string): Promise<Outcome> {
    const env = {
      CNI_COMMAND: verb,
      CNI_CONTAINERID: id,
      CNI_NETNS: this.#netns,
      CNI_IFNAME: 'eth0',
      CNI_PATH: '/usr/lib/cni',
      PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    };
    const child = spawn(this.#order.plugin, [], { env, stdio: ['pipe', 'pipe', 'ignore'] });
    child.stdin.on('error', () => undefined);
    child.stdin.end('{"cniVersion":"1.0.0","name":"axoneme","type":"axoneme-cni"}');
    const isVictim = this.#random.chance(this.#order.killed / 100);
    const timer = isVictim ? setTimeout(() => child.kill('SIGKILL'), this.#random.integer(0, 150)) : undefined;
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    const [stdout, code] = await Promise.all([text(child.stdout), ended]);
    clearTimeout(timer);
    return { code, stdout, killed: code === null };
  }
}

function parse(stdout: string): { code?: unknown; msg?: unknown } {
  try {
    return JSON.parse(stdout);
  } catch {
    return {};
  }
}

async function main(order: Order): Promise<void> {
  const tally: Tally = { cycles: 0, killed: 0, refused: 0, failures: [] };
  const end = performance.now() + order.duration;
  const work = order.netns.map(async (_, index) => {
    const worker = new Worker(order, index, tally);
    while (performance.now() < end) await worker.cycle();
  });
  await Promise.all(work);
  process.stdout.write(JSON.stringify(tally));
}

if (import.meta.main) await main(JSON.parse(process.argv[2] ?? ''));

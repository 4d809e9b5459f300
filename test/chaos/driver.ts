/**
 * Runs inside a node of the lab: several workers that ADD and DEL in cycles for a while, some of whose plugins are killed on the way. Reads an
 * {@link Order} from the command line, writes a {@link Tally} as JSON.
 */
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { Random } from './random.ts';

/** An executable that a runtime may start as the plugin. */
export interface Form {
  readonly name: string;
  readonly path: string;
  /** how many cycles of a hundred go through it */
  readonly share: number;
}

export interface Order {
  /** whose shares make a hundred together */
  readonly forms: readonly Form[];
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
  /** by the name of their form */
  readonly cycles: Record<string, number>;
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
    const form = this.#chooseForm();
    const added = await this.#run(form, 'ADD', id);
    if (added.code !== 0 && this.#random.chance(0.3)) await this.#run(form, 'ADD', id, true);
    while ((await this.#run(form, 'DEL', id)).code !== 0);
    this.#tally.cycles[form.name] = (this.#tally.cycles[form.name] ?? 0) + 1;
  }

  #chooseForm(): Form {
    let left = this.#random.next() * 100;
    const form = this.#order.forms.find(({ share }) => {
      left -= share;
      return left < 0;
    });
    if (form === undefined) throw new Error('choose a form of the plugin: the shares make less than a hundred');
    return form;
  }

  /** `mayExist`: an ADD before was killed, or lost the daemon that served it, perhaps after its last step (decision 0025). */
  async #run(form: Form, verb: 'ADD' | 'DEL', id: string, mayExist = false): Promise<Outcome> {
    const outcome = await this.#spawn(form, verb, id);
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

  async #spawn({ path }: Form, verb: 'ADD' | 'DEL', id: string): Promise<Outcome> {
    const env = {
      CNI_COMMAND: verb,
      CNI_CONTAINERID: id,
      CNI_NETNS: this.#netns,
      CNI_IFNAME: 'eth0',
      CNI_PATH: '/usr/lib/cni',
      PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    };
    const child = spawn(path, [], { env, stdio: ['pipe', 'pipe', 'ignore'] });
    child.stdin.on('error', () => undefined);
    child.stdin.end('{"cniVersion":"1.0.0","name":"axoneme","type":"axoneme-cni"}');
    const isVictim = this.#random.chance(this.#order.killed / 100);
    // half of them while the daemon serves the call, which takes some milliseconds
    const moment = this.#random.chance(0.5) ? this.#random.integer(0, 8) : this.#random.integer(0, 150);
    const timer = isVictim ? setTimeout(() => child.kill('SIGKILL'), moment) : undefined;
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
  const tally: Tally = { cycles: {}, killed: 0, refused: 0, failures: [] };
  const end = performance.now() + order.duration;
  const work = order.netns.map(async (_, index) => {
    const worker = new Worker(order, index, tally);
    while (performance.now() < end) await worker.cycle();
  });
  await Promise.all(work);
  process.stdout.write(JSON.stringify(tally));
}

if (import.meta.main) await main(JSON.parse(process.argv[2] ?? ''));

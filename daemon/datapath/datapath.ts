import { release } from 'node:os';
import { join } from 'node:path';
import type { Endpoint, EndpointPlan } from '../../conf/api/types.ts';
import { EXTERNAL_POOLS, hostIfname } from '../../conf/names.ts';
import type { Paths } from '../../conf/paths.ts';
import { step } from '../../conf/step.ts';
import { interfaceAt, probe, type RingRecorder, Rtnetlink, recordRingBuffer } from '../../native/index.ts';
import { DomainError } from '../domain-error.ts';
import { addressesOf } from '../endpoint/identity.ts';
import type { Burial, Door, EndpointDatapath } from '../endpoint/ports.ts';
import { messageOf } from '../failure.ts';
import { Ipcache } from '../ipcache/ipcache.ts';
import type { Logger } from '../log.ts';
import type { Settings } from '../settings.ts';
import { type AttachChoice, chooseAttach, requireKernel } from './attach-choice.ts';
import { ensureBpffs } from './bpffs.ts';
import { chooseDeviceMode, type DeviceChoice } from './device-mode.ts';
import { Graves } from './graves.ts';
import { Hooks } from './hooks.ts';
import { ensureHostDevice, type HostDevice } from './host-device.ts';
import { Attachments } from './links.ts';
import { EndpointMaps, hostPrefix } from './maps.ts';
import { type Metrics, readMetrics } from './metrics.ts';
import { findNativeDevices } from './native-devices.ts';
import { NodeState } from './node-state.ts';
import { PodState } from './pod-state.ts';
import type { WhileReady } from './pod-state-parts.ts';
import { ProgramSet } from './programs.ts';
import { rodataOf } from './rodata.ts';

/** Bytes of the IP packet where nothing on the node says otherwise (Ethernet, RFC 894). */
const DEFAULT_MTU = 1500;
/** Drops and traces that are kept in memory: some 200 kB. */
const EVENTS_KEPT = 1024;

export interface DatapathParts {
  readonly paths: Paths;
  readonly settings: Settings;
  readonly routers: EndpointPlan['routers'];
  /** The node's blocks, asked again at every change. */
  readonly blocks: () => readonly string[];
  readonly objectPath: (name: string) => string;
  readonly version: string;
  readonly log: Logger;
}

/** What `open` made. */
interface Opened {
  readonly rtnl: Rtnetlink;
  readonly device: HostDevice;
  readonly programs: ProgramSet;
  readonly mtu: number;
  readonly attach: AttachChoice;
  readonly attachments: Attachments;
  readonly deviceChoice: DeviceChoice;
}

/** The kernel side of the node: programs, maps, links, devices and routes. */
export class Datapath implements EndpointDatapath {
  /** Drops and traces, the latest ones. */
  readonly events: RingRecorder;
  readonly ipcache: Ipcache;
  readonly mtu: number;
  readonly graves: Graves;
  readonly #parts: DatapathParts;
  readonly #opened: Opened;
  readonly #maps: EndpointMaps;
  readonly #hooks: Hooks;
  readonly #node: NodeState;
  readonly #pods: PodState;

  private constructor(parts: DatapathParts, opened: Opened) {
    this.#parts = parts;
    this.#opened = opened;
    this.mtu = opened.mtu;
    this.graves = new Graves({
      rtnl: opened.rtnl,
      links: parts.paths.links,
      detach: (folder) => opened.attachments.remove(folder),
      log: parts.log,
    });
    this.ipcache = new Ipcache(opened.programs.map('axo_ipcache'));
    this.#maps = new EndpointMaps((name) => opened.programs.map(name), this.ipcache);
    this.#hooks = new Hooks(parts.paths.links, opened.attach.kind, (name) => opened.programs.program(name));
    const shared = { ...opened, hooks: this.#hooks, maps: this.#maps, log: parts.log };
    this.#pods = new PodState(shared);
    this.#node = new NodeState({ ...parts, ...shared, cidrs: parts.blocks, onPodLink: (ifindex) => this.#pods.onLink(ifindex) });
    this.events = recordRingBuffer(opened.programs.map('axo_events'), EVENTS_KEPT);
  }

  /** Brings bpffs, the node's own leg and the programs into place; attaches nothing yet. Throws StartError. */
  static async open(parts: DatapathParts): Promise<Datapath> {
    requireKernel(await probe('redirectPeer'), release());
    const attach = chooseAttach(parts.settings.tcx, await probe('tcx'), release());
    const deviceChoice = await chooseDeviceMode(parts.settings.datapathMode, release());
    parts.log.info({ mode: attach.mode, reason: attach.reason }, 'chose how to attach programs');
    parts.log.info(deviceChoice, 'chose the kind of pair for pods');
    const rtnl = await Rtnetlink.open();
    await step('start.bpffs', () => ensureBpffs(parts.paths));
    const native = await findNativeDevices(rtnl, parts.settings.devices);
    const mtu = parts.settings.mtu || (native.mtu ?? DEFAULT_MTU);
    const device = await ensureHostDevice(rtnl, { mtu, hasIpv6: parts.routers.ipv6 !== undefined });
    const { paths, objectPath, version, log, routers } = parts;
    const rodata = rodataOf({ ...device, routers, monitorAggregation: parts.settings.monitorAggregation });
    const programs = await ProgramSet.open({ paths, objectPath, version, log, rodata });
    log.info({ loaded: programs.isNew, mtu }, programs.isNew ? 'loaded the programs' : 'the pinned programs are current');
    return new Datapath(parts, { rtnl, device, programs, mtu, attach, attachments: await Attachments.open(rtnl), deviceChoice });
  }

  /** The kind of pair that pods get now. */
  get device(): DeviceChoice {
    return this.#opened.deviceChoice;
  }

  get routers(): EndpointPlan['routers'] {
    return this.#parts.routers;
  }

  /** How programs are attached to devices that are no netkit. */
  get attach(): AttachChoice {
    return this.#opened.attach;
  }

  /** Names of the native devices. */
  get devices(): readonly string[] {
    return this.#node.devices;
  }

  /** What keeps an ADD from working, one sentence each. */
  get problems(): readonly string[] {
    return this.#node.problems;
  }

  /** What does not keep an ADD from working, one sentence each. */
  get warnings(): readonly string[] {
    return [...this.#node.warnings, ...this.#pods.problems];
  }

  /**
   * Makes the maps and links agree with these endpoints, the ones of before; then attaches the node's own programs and follows the node's
   * devices, addresses and routes from there on.
   */
  async activate(endpoints: readonly Endpoint[]): Promise<void> {
    for (const endpoint of endpoints) {
      this.#node.routes.adopt(endpoint.id, delegatedPrefixes(endpoint));
      this.#pods.add(endpoint);
    }
    const strangers = step('start.rows', () => this.#maps.sync(endpoints));
    if (strangers > 0) this.#parts.log.info({ rows: strangers }, 'removed map rows that no endpoint owns');
    const { attachments, device } = this.#opened;
    // Into maps that may be new, before any link runs a program that reads them: pods talk with the node all the time.
    await step('start.rows', () => this.#node.syncRows());
    const leg = this.#hooks.leg(device.host.ifindex);
    for (const [, spec] of leg) await step('start.links', () => attachments.ensure(spec));
    await attachments.removeOthers(leg);
    for (const endpoint of endpoints) await step('start.podlinks', () => this.#attachAgain(endpoint));
    await this.#node.start();
    step('start.digest', () => this.#opened.programs.commit(this.#parts.log));
  }

  /** From now on what others change of pods' devices, programs and rows is restored. */
  followPods(whileReady: WhileReady): void {
    this.#pods.follow(whileReady);
  }

  attachPaths(endpoint: Endpoint): EndpointPlan['attach'] {
    const { progs, links } = this.#parts.paths;
    return {
      kind: this.#hooks.kindOf(endpoint),
      fromContainer: join(progs, 'axo_from_container'),
      toContainer: join(progs, 'axo_to_container'),
      links: join(links, hostIfname(endpoint)),
    };
  }

  expectDevice({ hostIfindex, hostIfname }: Endpoint): void {
    const link = interfaceAt(hostIfindex);
    if (link?.name === hostIfname) return;
    throw new DomainError('bad-request', `connect device ${hostIfindex}: it is ${link?.name ?? 'not there'}, not ${hostIfname}`);
  }

  async connect(endpoint: Endpoint): Promise<void> {
    // A pod's address may be the first of a new CIDR; its route is there before the pod is.
    await step('connect.routes', () => this.#node.routes.connect(this.#parts.blocks(), endpoint.id, delegatedPrefixes(endpoint)));
    this.#maps.put(endpoint);
    this.#pods.add(endpoint);
  }

  async disconnect(endpoint: Endpoint): Promise<void> {
    this.#pods.remove(endpoint);
    this.#maps.remove(endpoint);
    const { routes } = this.#node;
    if (routes.has(endpoint.id)) await step('disconnect.routes', () => routes.disconnect(this.#parts.blocks(), endpoint.id));
  }

  bury(endpoint: Endpoint, doors: readonly Door[]): Promise<Burial> {
    return this.graves.bury(endpoint, doors);
  }

  reap(endpoints: readonly Endpoint[]): Promise<ReadonlyMap<number, unknown>> {
    return this.graves.reap(endpoints);
  }

  hasDevice({ hostIfindex, hostIfname }: Endpoint): boolean {
    return interfaceAt(hostIfindex)?.name === hostIfname;
  }

  inspect(endpoint: Endpoint): Promise<string[]> {
    return this.#pods.inspect(endpoint);
  }

  inspectNode(): Promise<readonly string[]> {
    return this.#node.inspect();
  }

  readMetrics(): Metrics {
    return readMetrics(this.#opened.programs.map('axo_metrics'));
  }

  endpointRows() {
    return this.#maps.endpointRows();
  }

  /** Stops following the node. Programs, links and devices stay as they are: traffic goes on. */
  close(): void {
    this.events.close();
    this.#node.close();
    this.#pods.close();
    this.#opened.programs.close();
    this.#opened.rtnl.close();
  }

  /** A DEL that met no daemon may take the device at this very moment. What is left of the endpoint goes by the record of that DEL, which comes after. */
  async #attachAgain(endpoint: Endpoint): Promise<void> {
    const { id, hostIfname: device } = endpoint;
    const outcome = await this.#opened.attachments.ensureAll(this.#hooks.pod(endpoint)).catch(async (error: unknown) => {
      if (this.hasDevice(endpoint)) throw error;
      this.#parts.log.warn({ id, device, error: messageOf(error) }, 'a device went away while its programs were attached');
    });
    if (outcome === undefined) return;
    const { missing, isMoved } = outcome;
    if (isMoved) this.#parts.log.info({ id, mode: this.#opened.attach.mode }, 'attached the programs in the other way');
    else for (const link of missing) this.#parts.log.warn({ id, link }, 'attached a program that was missing');
  }
}

/** Of an endpoint's addresses those that an IPAM plugin gave: they lie in no CIDR of the node's, and get routes of their own. */
function delegatedPrefixes(endpoint: Endpoint): string[] {
  return addressesOf(endpoint)
    .filter(({ pool }) => pool === EXTERNAL_POOLS.delegated)
    .map(({ address }) => hostPrefix(address));
}

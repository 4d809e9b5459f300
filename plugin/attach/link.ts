import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { AttachKind } from '../../conf/api/types.ts';
import { LINK_NAMES } from '../../conf/names.ts';
import type { AttachType } from '../../native/bpf/constants.ts';
import { type LinkInfo, linkInfo, programInfo } from '../../native/bpf/info.ts';
import { createLink, updateLink } from '../../native/bpf/link.ts';
import { getPinned, openIfPinned, pin } from '../../native/bpf/pin.ts';
import type { Rtnetlink } from '../../native/netlink/rtnetlink.ts';
import {
  type Attached,
  type AttachMethod,
  type AttachTarget,
  type Held,
  HOOKS,
  type Hook,
  type NamedProgram,
  type Outcome,
} from './method.ts';

/** What differs between the kinds that are held by pinned links. */
export interface LinkKind {
  readonly kind: AttachKind;
  /** BPF_LINK_CREATE's attach type for each hook. */
  readonly types: Readonly<Record<Hook, AttachType>>;
  /** The index of the target's device when the link is on it, else the index that the link names. */
  deviceOf(netlink: Rtnetlink, target: AttachTarget, hook: Hook, link: LinkInfo): Promise<number> | number;
}

/** A kind that is held by one pinned link for each hook: `FOLDER/ingress`, `FOLDER/egress`. */
export class LinkMethod implements AttachMethod {
  readonly #kind: LinkKind;

  constructor(kind: LinkKind) {
    this.#kind = kind;
  }

  get kind(): AttachKind {
    return this.#kind.kind;
  }

  async prepare(_netlink: Rtnetlink, { folder }: AttachTarget): Promise<void> {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  async attach(_netlink: Rtnetlink, target: AttachTarget, hook: Hook, { fd: program }: NamedProgram): Promise<Held> {
    const link = await createLink({ program, ifindex: target.ifindex, attachType: this.#kind.types[hook] });
    return { keep: () => pin(link, pathOf(target, hook)), [Symbol.dispose]: () => link.close() };
  }

  async inspect(netlink: Rtnetlink, target: AttachTarget, hook: Hook): Promise<Attached | undefined> {
    const link = await pinnedLink(pathOf(target, hook));
    if (link === undefined || link.attachType !== this.#kind.types[hook]) return undefined;
    const ifindex = link.ifindex ? await this.#kind.deviceOf(netlink, target, hook, link) : 0;
    return { kind: this.kind, ifindex, programId: link.programId };
  }

  async ensure(netlink: Rtnetlink, target: AttachTarget, hook: Hook, program: NamedProgram): Promise<Outcome> {
    const found = await this.inspect(netlink, target, hook);
    if (found?.ifindex === target.ifindex) {
      if (found.programId === programInfo(program.fd).id) return 'kept';
      using link = getPinned(pathOf(target, hook));
      await updateLink(link, program.fd);
      return 'updated';
    }
    rmSync(pathOf(target, hook), { force: true });
    await this.prepare(netlink, target);
    using held = await this.attach(netlink, target, hook, program);
    held.keep();
    return 'created';
  }

  /** With the pin the link ends, after a grace period where its device lives. */
  async remove(_netlink: Rtnetlink, folder: string): Promise<boolean> {
    const paths = HOOKS.map((hook) => ({ path: join(folder, LINK_NAMES[hook]), type: this.#kind.types[hook] }));
    const links = await Promise.all(paths.map(async ({ path, type }) => ({ path, isOurs: (await pinnedLink(path))?.attachType === type })));
    const found = links.filter(({ isOurs }) => isOurs);
    for (const { path } of found) rmSync(path, { force: true });
    return found.length > 0;
  }
}

const pathOf = ({ folder }: AttachTarget, hook: Hook): string => join(folder, LINK_NAMES[hook]);

/** Information about the link pinned at `path`; undefined when nothing is pinned there. */
export async function pinnedLink(path: string): Promise<LinkInfo | undefined> {
  using link = openIfPinned(path);
  return link && (await linkInfo(link));
}

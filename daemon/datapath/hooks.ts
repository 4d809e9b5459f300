import { join } from 'node:path';
import type { ProgramName } from '../../bpf/layout.generated.ts';
import type { AttachKind, Endpoint } from '../../conf/api/types.ts';
import { HOST_IFNAME, hostIfname } from '../../conf/names.ts';
import { AttachType, type Fd, type Link } from '../../native/index.ts';
import type { AttachTarget, Hook } from '../../plugin/attach/index.ts';
import type { AttachSpec, NamedHook } from './links.ts';
import { ingressProgram } from './native-devices.ts';

/** Which program belongs to which hook of which device. */
export class Hooks {
  readonly #links: string;
  readonly #kind: AttachKind;
  readonly #program: (name: ProgramName) => Fd;

  /** `links`: the folder of the devices' folders. */
  constructor(links: string, kind: AttachKind, program: (name: ProgramName) => Fd) {
    this.#links = links;
    this.#kind = kind;
    this.#program = program;
  }

  /** Those of the node's own leg. */
  leg(ifindex: number): NamedHook[] {
    const target = { ifindex, folder: this.folder(HOST_IFNAME) };
    return [
      [`ingress of ${HOST_IFNAME}`, this.#spec(target, 'ingress', 'axo_to_host')],
      [`egress of ${HOST_IFNAME}`, this.#spec(target, 'egress', 'axo_from_host')],
    ];
  }

  /** Those of a pod's host side. */
  pod(endpoint: Endpoint): NamedHook[] {
    const target = { ifindex: endpoint.hostIfindex, folder: this.folder(hostIfname(endpoint)) };
    const kind = this.kindOf(endpoint);
    return [
      ['ingress', this.#spec(target, 'ingress', 'axo_from_container', kind)],
      ['egress', this.#spec(target, 'egress', 'axo_to_container', kind)],
    ];
  }

  /** The programs that every pod has whose device holds them by tcx links. */
  tcxPrograms(): { readonly attachType: AttachType; readonly program: Fd }[] {
    return [
      { attachType: AttachType.tcxIngress, program: this.#program('axo_from_container') },
      { attachType: AttachType.tcxEgress, program: this.#program('axo_to_container') },
    ];
  }

  /** Those of a device that leads out of the node; none when the programs cannot read its frames. */
  native(link: Pick<Link, 'name' | 'ifindex' | 'type'>): NamedHook[] {
    const { name, ifindex } = link;
    const program = ingressProgram(link);
    if (program === undefined) return [];
    const target = { ifindex, folder: this.folder(name) };
    return [
      [`ingress of ${name}`, this.#spec(target, 'ingress', program)],
      [`egress of ${name}`, this.#spec(target, 'egress', 'axo_to_netdev')],
    ];
  }

  /** How a pod's programs are attached. */
  kindOf({ device }: Endpoint): AttachKind {
    return device === undefined ? this.#kind : 'netkit';
  }

  /** Where the pinned links or marks of a device are. */
  folder(device: string): string {
    return join(this.#links, device);
  }

  #spec(target: AttachTarget, hook: Hook, program: ProgramName, kind = this.#kind): AttachSpec {
    return { target, hook, kind, program: { name: program, fd: this.#program(program) } };
  }
}

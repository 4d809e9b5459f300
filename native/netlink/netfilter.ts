/** Base chains of nf_tables (include/uapi/linux/netfilter/nf_tables.h), read over NETLINK_NETFILTER. */
import { hasErrno } from '../errors.ts';
import { netlinkTransact, openNetlinkSocket } from '../socket.ts';
import { AttrWriter } from './attr.ts';
import { NLM_F_DUMP } from './constants.ts';
import { type Attr, attributes, type Reader } from './reader.ts';
import { NetlinkSocket } from './socket.ts';

// include/uapi/linux/netlink.h, include/uapi/linux/netfilter/nfnetlink.h, include/uapi/linux/netfilter/nf_tables.h
const NETLINK_NETFILTER = 12;
const NFNL_SUBSYS_NFTABLES = 10;
const NFT_MSG_GETCHAIN = 4;
const NFTA_CHAIN_TABLE = 1;
const NFTA_CHAIN_NAME = 3;
const NFTA_CHAIN_HOOK = 4;
const NFTA_CHAIN_POLICY = 5;
const NFTA_HOOK_HOOKNUM = 1;
const NF_DROP = 0;
/** Size of `struct nfgenmsg`. */
const NFGENMSG = 4;

/** NFPROTO_* (include/uapi/linux/netfilter.h), in nft's words. Hooks of other families are others. */
const families: Readonly<Record<number, string>> = { 1: 'inet', 2: 'ip', 10: 'ip6' };
/** NF_INET_* (include/uapi/linux/netfilter.h). */
const hooks = ['prerouting', 'input', 'forward', 'output', 'postrouting'] as const;

/** A chain that the kernel runs at a hook of IPv4 or IPv6. iptables-nft makes such chains as well, iptables-legacy does not. */
export interface BaseChain {
  /** `inet`, `ip` or `ip6`. */
  readonly family: string;
  readonly table: string;
  readonly name: string;
  readonly hook: (typeof hooks)[number];
  /** What becomes of packets that no rule decides about. */
  readonly policy: 'accept' | 'drop';
}

/** The base chains of the process's own network namespace; none where the kernel has no nf_tables. Throws NetlinkError. */
export async function listBaseChains(): Promise<BaseChain[]> {
  const fd = await openNetlinkSocket(undefined, NETLINK_NETFILTER);
  const socket = new NetlinkSocket({ transact: (datagrams) => netlinkTransact(fd, datagrams), close: () => fd.close() });
  try {
    const body = new AttrWriter().struct(NFGENMSG, () => undefined).finish();
    const type = (NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETCHAIN;
    const answers = await socket.request({ operation: 'list chains', type, flags: NLM_F_DUMP, body });
    return answers.flatMap((message) => decodeChain(message.body) ?? []);
  } catch (error) {
    if (['EINVAL', 'EOPNOTSUPP', 'EPROTONOSUPPORT', 'ENOENT'].some((name) => hasErrno(error, name))) return [];
    throw error;
  } finally {
    socket.close();
  }
}

/** Reads the body of NFT_MSG_NEWCHAIN; undefined for a chain that is at no hook, or of another family. */
export function decodeChain(body: Reader): BaseChain | undefined {
  const family = families[body.u8(0)];
  let [table, name] = ['', ''];
  let hook: BaseChain['hook'] | undefined;
  let policy: BaseChain['policy'] = 'accept';
  for (const attr of attributes(body, NFGENMSG)) {
    if (attr.type === NFTA_CHAIN_TABLE) table = attr.str();
    else if (attr.type === NFTA_CHAIN_NAME) name = attr.str();
    else if (attr.type === NFTA_CHAIN_HOOK) hook = hookOf(attr);
    else if (attr.type === NFTA_CHAIN_POLICY) policy = be32(attr) === NF_DROP ? 'drop' : 'accept';
  }
  return family === undefined || hook === undefined ? undefined : { family, table, name, hook, policy };
}

function hookOf(attr: Attr): BaseChain['hook'] | undefined {
  for (const inner of attr.nested()) if (inner.type === NFTA_HOOK_HOOKNUM) return hooks[be32(inner)];
  return undefined;
}

/** nf_tables speaks in network byte order. */
function be32(attr: Attr): number {
  const { bytes } = attr.exactly(4);
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0);
}

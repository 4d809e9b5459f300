/**
 * Netlink messages (`struct nlmsghdr`, include/uapi/linux/netlink.h; netlink(7)): 32-bit length with the header, 16-bit type, 16-bit flags,
 * sequence number, port id, body, padding to four bytes. A datagram carries one or several.
 */
import { AttrWriter, align } from './attr.ts';
import { NLM_F_ACK_TLVS, NLM_F_CAPPED, NLMSG_HDRLEN, NLMSGERR_ATTR_MSG, NLMSGERR_ATTR_OFFS } from './constants.ts';
import { DecodeError } from './errors.ts';
import { attributes, Reader } from './reader.ts';

/** What to ask of the kernel; a pure value. The socket adds length, sequence and NLM_F_REQUEST. */
export interface Request {
  /** In words, with subject: `create veth lxc1a2b`. Becomes the head of an error's message. */
  readonly operation: string;
  /** RTM_*. */
  readonly type: number;
  /** NLM_F_* beyond REQUEST and ACK. */
  readonly flags: number;
  readonly body: Uint8Array;
}

/** One received message. */
export interface Message {
  readonly type: number;
  readonly flags: number;
  readonly seq: number;
  readonly portId: number;
  readonly body: Reader;
}

/** What the kernel says at the end: errno 0 is success. */
export interface Verdict {
  /** Positive errno. */
  readonly errno: number;
  /** The kernel's own words (NLMSGERR_ATTR_MSG); empty when it has none. */
  readonly kernelMessage: string;
  /** Byte in the request, header included, that the kernel objects to (NLMSGERR_ATTR_OFFS). */
  readonly offset?: number;
}

/** One message, padded to four bytes. */
export function encodeMessage(request: Request, flags: number, seq: number): Uint8Array {
  return new AttrWriter()
    .struct(NLMSG_HDRLEN + request.body.length, (put) => {
      put
        .u32(0, NLMSG_HDRLEN + request.body.length)
        .u16(4, request.type)
        .u16(6, request.flags | flags)
        .u32(8, seq);
      put.bytes(NLMSG_HDRLEN, request.body);
    })
    .finish();
}

/** All messages of a datagram. Throws `DecodeError` when one is cut short. */
export function decodeMessages(datagram: Uint8Array): Message[] {
  const window = new Reader(datagram);
  const messages: Message[] = [];
  for (let at = 0; at < window.length; ) {
    const length = window.u32(at);
    if (length < NLMSG_HDRLEN) throw new DecodeError(`message claims ${length} bytes, less than its header`, at);
    const message = window.slice(at, length);
    messages.push({
      type: message.u16(4),
      flags: message.u16(6),
      seq: message.u32(8),
      portId: message.u32(12),
      body: message.slice(NLMSG_HDRLEN),
    });
    at += align(length);
  }
  return messages;
}

/** Reads NLMSG_ERROR (an acknowledgement is one with errno 0): `struct nlmsgerr`, then extended-ack attributes. */
export function decodeError(message: Message): Verdict {
  const errno = -message.body.i32(0);
  const original = message.body.slice(4, NLMSG_HDRLEN);
  const skip = 4 + (message.flags & NLM_F_CAPPED ? NLMSG_HDRLEN : original.u32(0));
  return verdict(errno, message, skip);
}

/** Reads NLMSG_DONE, the end of a dump: an int that is negative when the dump broke off. */
export function decodeDone(message: Message): Verdict {
  return verdict(message.body.length < 4 ? 0 : -message.body.i32(0), message, 4);
}

function verdict(errno: number, message: Message, skip: number): Verdict {
  let kernelMessage = '';
  let offset: number | undefined;
  if (message.flags & NLM_F_ACK_TLVS) {
    for (const attr of attributes(message.body, align(skip))) {
      if (attr.type === NLMSGERR_ATTR_MSG) kernelMessage = attr.str();
      else if (attr.type === NLMSGERR_ATTR_OFFS) offset = attr.u32();
    }
  }
  return { errno, kernelMessage, ...(offset !== undefined && { offset }) };
}

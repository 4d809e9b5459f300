import { HarnessError } from '../errors.ts';

/** What a cable does to the frames that pass, each way. */
export interface LinkShape {
  /** milliseconds from one end to the other (default 0) */
  readonly delay?: number;
  /** milliseconds by which the delay varies, up and down, evenly spread; order is kept (default 0) */
  readonly jitter?: number;
  /** probability from 0 to 1 that a frame is lost. A large TCP segment that the kernel has not divided yet (GSO) is one frame (default 0) */
  readonly loss?: number;
  /** bits per second; unlimited unless given */
  readonly rate?: number;
}

/** By what means a property of a cable is brought about; absent: the cable does not have it. */
export interface Emulation {
  /** `relay`: a thread of the test process between two TAP devices. The devices are then `tun` and not `veth` */
  readonly delay?: 'netem' | 'relay';
  /** `ebpf`: a tcx program on the way out of both ends, behind all others. Frames sent by XDP pass it by */
  readonly loss?: 'netem' | 'ebpf';
  /** `tbf`: the kernel's token bucket filter as root discipline of both ends, with room for 50 ms */
  readonly rate?: 'netem' | 'tbf';
}

/** Throws BAD_SHAPE for a value out of range. */
export function checkShape(shape: LinkShape): void {
  const { delay = 0, jitter = 0, loss = 0, rate } = shape;
  const refuse = (key: string, value: number, range: string) => {
    throw new HarnessError('BAD_SHAPE', `shape a link: ${key} ${value} is not ${range}`);
  };
  for (const [key, value] of Object.entries({ delay, jitter }))
    if (!(value >= 0 && value <= 60_000)) refuse(key, value, 'a number of milliseconds from 0 to 60 000');
  if (!(loss >= 0 && loss <= 1)) refuse('loss', loss, 'a probability from 0 to 1');
  if (rate !== undefined && !(rate >= 1000 && rate <= 1e12)) refuse('rate', rate, 'a number of bits per second from 1000 to 10^12');
}

/** Bytes that the token bucket sends at once and keeps waiting: 10 ms of the rate but two frames at least, and 50 ms more (tc-tbf(8)). */
export function bucket(rate: number, mtu: number): { readonly burst: number; readonly limit: number } {
  const burst = Math.ceil(Math.max(rate / 800, 2 * (mtu + 14)));
  return { burst, limit: Math.min(0xffffffff, Math.ceil(burst + rate / 160)) };
}

import { endianness } from 'node:os';

/** The processor's byte order, which is that of BPF maps and of the kernel's structs. */
export const isLittleEndian = endianness() === 'LE';

/**
 * Addresses: which there are, who has them. Pure: no IO, no clock, no randomness; the caller persists and logs.
 * `NodeIpam` is what a node uses; `AddressAllocator` and `BlockCutter` are its parts and stand on their own.
 */
export { type Address, type Cidr, type Family, formatAddress, formatCidr, parseAddress, parseCidr } from './address.ts';
export { AddressAllocator, type AllocatorOptions, type Lease } from './allocator.ts';
export { BlockCutter, type CutterOptions } from './cutter.ts';
export { IpamError, type IpamErrorCode } from './errors.ts';
export { NodeIpam } from './node-ipam.ts';
export {
  type AllocateRequest,
  type Allocation,
  type BlockRecord,
  defaultPool,
  type IpamConfig,
  type IpamSnapshot,
  type PoolConfig,
  type PoolFamilyConfig,
} from './types.ts';

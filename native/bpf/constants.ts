/** Numbers of include/uapi/linux/bpf.h (enum bpf_attach_type, as of 6.18), given here because distributions' headers are older. */
export const AttachType = {
  cgroupInetIngress: 0,
  cgroupInetEgress: 1,
  cgroupSockCreate: 2,
  cgroupSockOps: 3,
  cgroupInet4Bind: 8,
  cgroupInet6Bind: 9,
  cgroupInet4Connect: 10,
  cgroupInet6Connect: 11,
  cgroupInet4PostBind: 12,
  cgroupInet6PostBind: 13,
  cgroupUdp4Sendmsg: 14,
  cgroupUdp6Sendmsg: 15,
  cgroupUdp4Recvmsg: 19,
  cgroupUdp6Recvmsg: 20,
  cgroupInet4GetPeerName: 29,
  cgroupInet6GetPeerName: 30,
  cgroupInetSockRelease: 34,
  skLookup: 36,
  xdp: 37,
  tcxIngress: 46,
  tcxEgress: 47,
  netkitPrimary: 54,
  netkitPeer: 55,
} as const;
export type AttachType = (typeof AttachType)[keyof typeof AttachType];

/** enum bpf_map_type. */
export const MapType = {
  hash: 1,
  array: 2,
  programArray: 3,
  perCpuHash: 5,
  perCpuArray: 6,
  lruHash: 9,
  lruPerCpuHash: 10,
  lpmTrie: 11,
  arrayOfMaps: 12,
  hashOfMaps: 13,
  ringBuffer: 27,
} as const;

/** enum bpf_prog_type. */
export const ProgramType = { schedCls: 3, xdp: 6, cgroupSock: 9, cgroupSockAddr: 18 } as const;

/** enum bpf_link_type. */
export const LinkType = { cgroup: 3, netns: 5, xdp: 6, tcx: 11, netkit: 13 } as const;

/** Flags of BPF_MAP_UPDATE_ELEM. */
export const UpdateFlags = { any: 0, noExist: 1, exist: 2 } as const;

/** Flags of BPF_MAP_CREATE; LPM tries need `noPrealloc`. */
export const MapFlags = { noPrealloc: 1 } as const;

/** Flags of BPF_LINK_CREATE: XDP_FLAGS_* of linux/if_link.h for XDP, BPF_F_BEFORE and BPF_F_AFTER for tcx and netkit. */
export const LinkFlags = { xdpGeneric: 2, xdpNative: 4, before: 8, after: 16 } as const;

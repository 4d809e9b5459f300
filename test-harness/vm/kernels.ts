import { HarnessError } from '../errors.ts';

/** One package of Debian's archive, exactly: the hash is that of the archive's own index. */
export interface PinnedPackage {
  readonly name: string;
  readonly version: string;
  /** path below the archive, as the index has it */
  readonly file: string;
  readonly sha256: string;
}

/** A kernel that can be booted: the packages that it was pinned to, and where its successors are found. */
export interface KernelRow {
  readonly archive: 'debian' | 'debian-security';
  readonly suite: string;
  /** the meta package that always depends on the suite's current build */
  readonly meta: string;
  readonly packages: readonly PinnedPackage[];
}

/**
 * Debian's kernels for virtual machines (`cloud`: virtio built in, 80 MB unpacked instead of 400). Their names are what a user asks for;
 * `newest` is that of the backports to the current release. Update a row with the output of `npm run test:kernels -- --latest`.
 */
export const KERNELS = {
  '5.10': {
    archive: 'debian-security',
    suite: 'bullseye-security',
    meta: 'linux-image-cloud-amd64',
    packages: [
      {
        name: 'linux-image-5.10.0-46-cloud-amd64',
        version: '5.10.262-1',
        file: 'pool/updates/main/l/linux-signed-amd64/linux-image-5.10.0-46-cloud-amd64_5.10.262-1_amd64.deb',
        sha256: '18d94781d1b3052e21967ac2262239e5f14fbf511d6c3e110629d7aa35340760',
      },
    ],
  },
  '6.1': {
    archive: 'debian-security',
    suite: 'bookworm-security',
    meta: 'linux-image-cloud-amd64',
    packages: [
      {
        name: 'linux-image-6.1.0-56-cloud-amd64',
        version: '6.1.192-2',
        file: 'pool/updates/main/l/linux-signed-amd64/linux-image-6.1.0-56-cloud-amd64_6.1.192-2_amd64.deb',
        sha256: 'e7d02b943971edcb8790e256c02cfab3bca6c3d37c1bf25392a57c71300615ee',
      },
    ],
  },
  '6.12': {
    archive: 'debian-security',
    suite: 'bookworm-security',
    meta: 'linux-image-6.12-cloud-amd64',
    packages: [
      {
        name: 'linux-image-6.12.117+deb12-cloud-amd64',
        version: '6.12.117-1~deb12u1',
        file: 'pool/updates/main/l/linux-signed-6.12-amd64/linux-image-6.12.117+deb12-cloud-amd64_6.12.117-1~deb12u1_amd64.deb',
        sha256: '5195b288dec79e2981d6b84457f38b7ce7310a2d702930ec7d07209c7f78ce37',
      },
    ],
  },
  newest: {
    archive: 'debian',
    suite: 'trixie-backports',
    meta: 'linux-image-cloud-amd64',
    packages: [
      {
        name: 'linux-binary-7.3.4+deb13-cloud-amd64',
        version: '7.3.4-1~bpo13+1',
        file: 'pool/main/l/linux-signed-amd64/linux-binary-7.3.4+deb13-cloud-amd64_7.3.4-1~bpo13+1_amd64.deb',
        sha256: 'c4fbc8e404958693b28825474c20742d70594d65ca58aea7be6a279c81eb6fa0',
      },
      {
        name: 'linux-modules-7.3.4+deb13-cloud-amd64',
        version: '7.3.4-1~bpo13+1',
        file: 'pool/main/l/linux/linux-modules-7.3.4+deb13-cloud-amd64_7.3.4-1~bpo13+1_amd64.deb',
        sha256: '359f04c363b7d3c5f9ce999ccb7351e00cc8eec0a30d6bc1cda37734987fc43d',
      },
      {
        name: 'linux-base-7.3.4+deb13-cloud-amd64',
        version: '7.3.4-1~bpo13+1',
        file: 'pool/main/l/linux/linux-base-7.3.4+deb13-cloud-amd64_7.3.4-1~bpo13+1_amd64.deb',
        sha256: 'e08baa43706ba6e8daff58029b039f46beecfb3b3750c6fa0d6d5ca508a46a43',
      },
    ],
  },
} as const satisfies Record<string, KernelRow>;

export type KernelName = keyof typeof KERNELS;

export const kernelNames = Object.keys(KERNELS) as readonly KernelName[];

/** Throws NO_KERNEL with the names that there are. */
export function kernelRow(name: string): KernelRow {
  const row = (KERNELS as Readonly<Record<string, KernelRow>>)[name];
  if (row === undefined) throw new HarnessError('NO_KERNEL', `boot kernel '${name}': there are ${kernelNames.join(', ')}`);
  return row;
}

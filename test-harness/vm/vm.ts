import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { HarnessError } from '../errors.ts';
import { initProgram } from '../init/program.ts';
import { cpio } from './cpio.ts';
import { type Kernel, obtainKernel } from './kernel.ts';
import type { KernelName } from './kernels.ts';
import { LAUNCH_SCRIPT } from './launch-script.ts';
import { type Progress, timed, toStderr } from './progress.ts';
import { accelerator, fileServer, obtainQemu, processor, type Qemu } from './qemu.ts';
import { QemuProcess, VirtualMachine } from './virtual-machine.ts';

export interface VmOptions {
  /** which of Debian's kernels: see {@link kernelNames} */
  readonly kernel: KernelName;
  /** MiB of memory, which the machine takes from the host as it uses it (default 2048) */
  readonly memory?: number;
  /** processors (default 2) */
  readonly cpus?: number;
  /** added to the kernel's command line: `['rcupdate.rcu_expedited=1']` */
  readonly kernelArguments?: readonly string[];
  /** milliseconds until a machine that is not ready is given up (default two minutes: emulation on a busy computer) */
  readonly bootTimeout?: number;
  /** ends the machine at any time */
  readonly signal?: AbortSignal;
  /** hears of downloads and the boot, a line each (default: stderr) */
  readonly progress?: Progress;
  /** hears what the kernel writes on its console */
  readonly onConsole?: (text: string) => void;
}

/**
 * Boots one of Debian's kernels under QEMU with this computer's own root file system: what is installed and checked out here is there,
 * and what the machine writes goes to memory and away with it. It has no network device but `lo`. Needs root, x86-64, QEMU, virtiofsd,
 * kmod. The first boot of a kernel fetches it. Throws NO_VM, NO_PROGRAM, NO_KERNEL, VM_FAILED, KERNEL_PANIC, TIMEOUT.
 *
 * ```ts
 * await using machine = await vm({ kernel: '6.12' });
 * await machine.run(['uname', '-r']);
 * ```
 */
export async function vm(options: VmOptions): Promise<VirtualMachine> {
  mustBeAbleToBoot();
  const { progress = toStderr, signal, bootTimeout = 120_000 } = options;
  const kernel = await obtainKernel(options.kernel, progress);
  const qemu = await obtainQemu(progress);
  const initrd = await initialFiles(kernel);
  const argv = commandLine(options, kernel, qemu, initrd);
  const start = () => VirtualMachine.start(new QemuProcess(argv, options.onConsole), bootTimeout, signal);
  return timed(progress, `boot ${kernel.release} by ${accelerator()}`, () => withPatience(start, progress));
}

/**
 * QEMU's emulator has a race while a guest places its devices, and ends by `iotlb_to_section: Assertion ... failed` (10.0.2, on a busy
 * computer, in one boot of some thirty). What ended by itself, without a word of the kernel, is started anew.
 */
async function withPatience(start: () => Promise<VirtualMachine>, progress: Progress): Promise<VirtualMachine> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start();
    } catch (error) {
      const isOdd = error instanceof HarnessError && error.code === 'VM_FAILED';
      if (!isOdd || attempt === BOOTS) throw error;
      progress(`boot again: ${error.message.split('\n').find((line) => line.startsWith('qemu')) ?? error.message}`);
    }
  }
}

/** Attempts to boot a machine. */
const BOOTS = 3;

function mustBeAbleToBoot(): void {
  if (process.arch !== 'x64') throw new HarnessError('NO_VM', `boot a virtual machine: only x64 is supported, this is ${process.arch}`);
  if (process.getuid?.() !== 0) throw new HarnessError('NOT_ROOT', 'boot a virtual machine: it needs root, to serve the root file system');
  const missing = ['depmod', 'modprobe'].filter((name) => !['/usr/sbin', '/sbin'].some((folder) => existsSync(join(folder, name))));
  if (missing.length > 0) throw new HarnessError('NO_PROGRAM', `boot a virtual machine: ${missing.join(', ')} not found (Debian: kmod)`);
}

/** The initramfs: process 1, and the modules without which it cannot reach the root file system. Kept beside the kernel. */
async function initialFiles(kernel: Kernel): Promise<string> {
  const data = await readFile(initProgram());
  const digest = createHash('sha256').update(data).digest('hex').slice(0, 12);
  const file = join(kernel.folder, `initrd-${digest}`);
  if (existsSync(file)) return file;
  const own = cpio([{ path: 'init', mode: 0o100755, data }]);
  // the kernel reads archives one after the other
  const fresh = join(dirname(file), `.${randomUUID()}`);
  await writeFile(fresh, Buffer.concat([await readFile(join(kernel.folder, 'modules.cpio')), own]));
  await rename(fresh, file);
  return file;
}

function kernelCommandLine(options: VmOptions, kernel: Kernel): string {
  const folder = join(kernel.folder, 'lib/modules', kernel.release);
  // a panic reboots at once, which ends QEMU; an oops is one, so that no test passes beside it
  const fixed = ['console=ttyS0', 'quiet', 'panic=-1', 'oops=panic', `AXONEME_MODULES="${folder}"`];
  return [...fixed, ...(options.kernelArguments ?? [])].join(' ');
}

function commandLine(options: VmOptions, kernel: Kernel, qemu: Qemu, initrd: string): string[] {
  const { memory = 2048, cpus = 2 } = options;
  const by = accelerator();
  const server = fileServer();
  const unshare = ['unshare', '--mount', '--pid', '--fork', '--mount-proc', '--kill-child=KILL'];
  const launch = ['sh', '-c', LAUNCH_SCRIPT, 'launch', server.program, server.kind];
  const machine = ['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot', '-machine', `q35,accel=${by},memory-backend=memory`];
  // the file server reads and writes the guest's memory
  const size = ['-m', `${memory}M`, '-object', `memory-backend-memfd,id=memory,size=${memory}M,share=on`, '-smp', `${cpus}`];
  const boot = ['-kernel', join(kernel.folder, 'vmlinux'), '-initrd', initrd, '-append', kernelCommandLine(options, kernel)];
  const devices = [
    ...[
      '-chardev',
      'socket,id=wire,fd=3',
      '-device',
      'virtio-serial-pci,max_ports=2',
      '-device',
      'virtserialport,chardev=wire,name=axoneme',
    ],
    ...['-chardev', 'socket,id=console,fd=4', '-serial', 'chardev:console'],
    ...['-chardev', 'socket,id=share,path=/run/share.sock', '-device', 'vhost-user-fs-pci,chardev=share,tag=axoneme,queue-size=1024'],
  ];
  const firmware = qemu.firmware.flatMap((folder) => ['-L', folder]);
  const own = [qemu.program, ...firmware, ...machine, '-cpu', processor(qemu, by), ...size, ...boot, ...devices];
  return ['setpriv', '--pdeathsig', 'KILL', '--', ...unshare, ...launch, ...own];
}

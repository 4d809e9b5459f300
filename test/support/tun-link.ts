import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Machine } from '../../test-harness/index.ts';

/** Opens a tun device in each of two namespaces and carries packets between them until its input ends. Perl is on every Debian and Ubuntu. */
const RELAY = `
use strict;
my $setns = (POSIX::uname())[4] eq 'aarch64' ? 268 : 308;
use POSIX ();
my @tuns;
for my $path (@ARGV) {
  open(my $ns, '<', $path) or die "open $path: $!";
  syscall($setns, fileno($ns), 0x40000000) == 0 or die "setns $path: $!";
  open(my $tun, '+<', '/dev/net/tun') or die "open /dev/net/tun: $!";
  my $request = pack('a16 s x22', 'tun0', 0x1001);
  ioctl($tun, 0x400454ca, $request) or die "TUNSETIFF: $!";
  push @tuns, $tun;
}
$| = 1;
print "ready\\n";
while (1) {
  my $in = '';
  vec($in, fileno($_), 1) = 1 for (@tuns, \\*STDIN);
  select($in, undef, undef, undef);
  exit 0 if vec($in, fileno(STDIN), 1);
  for my $i (0, 1) {
    next unless vec($in, fileno($tuns[$i]), 1);
    my $length = sysread($tuns[$i], my $packet, 70000);
    syswrite($tuns[1 - $i], $packet, $length) if $length;
  }
}`;

/** A point-to-point link of two tun devices, both named tun0: packets without any link layer header. Dispose it; it also ends with the process. */
export class TunLink implements AsyncDisposable {
  readonly #relay: ChildProcess;

  private constructor(relay: ChildProcess) {
    this.#relay = relay;
  }

  /** Makes both devices, down and without address. Rejects with what perl says when it cannot. */
  static async open(left: Machine, right: Machine): Promise<TunLink> {
    const relay = spawn('perl', ['-e', RELAY, left.netnsFile, right.netnsFile], { stdio: ['pipe', 'pipe', 'pipe'] });
    let complaint = '';
    relay.stderr.on('data', (text) => (complaint += String(text)));
    const [ready] = (await Promise.race([once(relay.stdout, 'data'), once(relay, 'exit')])) as [unknown];
    if (!(ready instanceof Buffer)) throw new Error(`open tun devices of ${left.name} and ${right.name}: ${complaint}`);
    return new TunLink(relay);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#relay, 'exit');
    this.#relay.stdin?.end();
    await ended;
  }
}

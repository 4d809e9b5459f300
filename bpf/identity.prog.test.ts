import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mapped } from './testing/bytes.ts';
import { Datapath, type RunOptions } from './testing/datapath.ts';
import { families, talk } from './testing/family.ts';
import { Frame } from './testing/frame.ts';
import { host, narrow, neighbour, nobody, outside, self, sentBy } from './testing/world.ts';

/* Through the node's stack a packet carries its sender's identity in its mark: 0xf00, and the identity in the upper 16 bits. */

const marked = (identity: number) => ((identity << 16) | 0xf00) >>> 0;
/** kube-proxy's bits, and one of nobody's. */
const OTHERS = 0xc001;

let pod: Datapath;
let fromHost: Datapath;
let toContainer: Datapath;
beforeAll(async () => {
  pod = await Datapath.load('axo_from_container');
  fromHost = await Datapath.load('axo_from_host');
  toContainer = await Datapath.load('axo_to_container');
});
afterAll(() => {
  for (const datapath of [pod, fromHost, toContainer]) datapath[Symbol.dispose]();
});

for (const family of families) {
  const { to, node } = talk(family);
  const { of } = family;
  const fromStack = new Frame().eth(host.mac, '00:00:00:00:00:00');
  const senderOf = (datapath: Datapath, frame: Frame, options: RunOptions = {}) => {
    datapath.reset();
    const { events } = datapath.run(frame.bytes(), options);
    return events.map(({ sourceIdentity, sourceId }) => ({ sourceIdentity, sourceId }));
  };

  describe(`the sender's identity, ${family.name}`, () => {
    it('goes with a packet to the node, and other bits of the mark stay', () => {
      pod.reset();
      expect(pod.run(to(node).udp(1, 2).bytes(), { mark: OTHERS }).mark).toBe(marked(self.identity) + OTHERS);
    });

    it('replaces one that the pod has given itself', () => {
      pod.reset();
      expect(pod.run(to(node).udp(1, 2).bytes(), { mark: marked(neighbour.identity) }).mark).toBe(marked(self.identity));
    });

    it('of more than 16 bits is not carried', () => {
      pod.reset();
      const row = pod.map('axo_devices').get({ ifindex: self.ifindex });
      if (row === undefined) throw new Error('the pod has no row');
      pod.map('axo_devices').set({ ifindex: self.ifindex }, { ...row, identity: 0x1_0007 });
      expect(pod.run(to(node).udp(1, 2).bytes(), { mark: marked(1) + OTHERS }).mark).toBe(OTHERS);
    });

    it('does not go with a packet that leaves the stack alone', () => {
      pod.reset();
      expect(pod.run(to(of(neighbour)).udp(1, 2).bytes(), { mark: OTHERS }).mark).toBe(OTHERS);
    });

    for (const [name, datapath, destination] of [
      ['axo_from_host', () => fromHost, of(nobody)],
      ['axo_to_container', () => toContainer, of(neighbour)],
    ] as const) {
      const sends = (source: string) => family.ip(fromStack, source, destination).udp(1, 2);
      it(`is known to ${name} by the mark, whatever the source address`, () => {
        const mark = marked(narrow.identity) + OTHERS;
        for (const source of [node, of(neighbour), of(outside)]) {
          expect(senderOf(datapath(), sends(source), { mark })).toMatchObject([{ sourceIdentity: narrow.identity }]);
        }
      });

      it(`is known to ${name} by the source address where there is no mark`, () => {
        const mark = OTHERS;
        expect(senderOf(datapath(), sends(node), { mark })).toEqual([{ sourceIdentity: 1, sourceId: 0 }]);
        expect(senderOf(datapath(), sends(of(narrow)), { mark })).toEqual([{ sourceIdentity: narrow.identity, sourceId: narrow.id }]);
        expect(senderOf(datapath(), sends(of(outside)), { mark })).toEqual([{ sourceIdentity: 2, sourceId: 0 }]);
      });
    }
  });
}

it('a drop event names the destination: a pod, or the world where no endpoint has the address', () => {
  pod.reset();
  const frame = sentBy(self).ip4(self.ipv4, neighbour.ipv4, { ttl: 1 }).udp(1, 2);
  expect(pod.run(frame.bytes()).events).toMatchObject([{ sourceIdentity: self.identity, destinationIdentity: neighbour.identity }]);
  pod.map('axo_endpoints').delete({ addr: mapped(neighbour.ipv4) });
  expect(pod.run(frame.bytes()).events).toMatchObject([{ sourceIdentity: self.identity, destinationIdentity: 2 }]);
});

import { createServer, request, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { httpAnswer, interpose, Lab, type Node, type SocketProxy } from '../index.ts';

const path = '/run/daemon/api.sock';

describe('a proxy in front of a daemon', () => {
  let lab: Lab;
  let node: Node;
  let daemon: Server;
  let proxy: SocketProxy;
  /** what the daemon was asked */
  const asked: string[] = [];
  beforeAll(async () => {
    lab = await Lab.create({ nodes: { node1: {} } });
    node = lab.node('node1');
    await node.writeFile('/run/daemon/pid', '1');
    daemon = createServer((message, answer) => {
      asked.push(`${message.method} ${message.url}`);
      answer.end(`hello ${message.url}`);
    });
    await new Promise<void>((resolve) => void node.path(path).then((real) => daemon.listen(real, resolve)));
    await node.run(['chmod', '600', path]);
  });
  afterAll(async () => {
    daemon.closeAllConnections();
    daemon.close();
    await lab.close();
  });
  beforeEach(async () => {
    asked.length = 0;
    proxy = await interpose(node, path);
  });
  afterEach(() => proxy.lift());

  /** Asks as a plugin does. */
  async function ask(url: string, method = 'GET', timeout = 60_000): Promise<{ status: number | undefined; body: string }> {
    const socketPath = await node.path(path);
    return await new Promise((resolve, reject) => {
      const question = request({ socketPath, path: url, method, timeout, agent: false }, (answer) => {
        text(answer).then((body) => resolve({ status: answer.statusCode, body }), reject);
      });
      question.on('timeout', () => question.destroy(new Error('timeout')));
      question.on('error', reject);
      question.end();
    });
  }

  it('passes everything on, from inside the machine too, with the rights of the socket', async () => {
    expect(await ask('/a')).toEqual({ status: 200, body: 'hello /a' });
    expect(await node.run(['stat', '-c', '%a', path])).toBe('600\n');
    const inside = `require('http').get({socketPath:'${path}',path:'/in'},(r)=>r.pipe(process.stdout))`;
    expect(await node.run([process.execPath, '-e', inside])).toBe('hello /in');
    expect(proxy.accepted).toBe(2);
  });

  it('answers late, but only what was meant', async () => {
    proxy.trouble({ match: /^POST /, delay: 1500, times: 1 });
    const time = async (method: string) => {
      const began = performance.now();
      expect(await ask('/late', method)).toMatchObject({ body: 'hello /late' });
      return performance.now() - began;
    };
    const [late, other, again] = [await time('POST'), await time('GET'), await time('POST')];
    expect(late).toBeGreaterThanOrEqual(1500);
    expect(other).toBeLessThan(late);
    expect(again).toBeLessThan(late);
  });

  it('loses answers after the daemon did what it was asked, or requests before', async () => {
    proxy.trouble({ match: /\/done/, lose: 'answer' });
    proxy.trouble({ match: /\/lost/, lose: 'request' });
    await expect(ask('/done')).rejects.toThrow('timeout');
    await expect(ask('/lost')).rejects.toThrow('timeout');
    expect(asked).toEqual(['GET /done']);
  });

  it('cuts answers short, replaces them, and answers by itself', async () => {
    proxy.trouble({ match: /\/short/, truncate: 40 });
    proxy.trouble({ match: /\/wrong/, replace: (answer) => answer.toString().replace('hello', 'HELLO') });
    proxy.trouble({ match: /\/broken/, replace: 'not HTTP at all\r\n\r\n' });
    proxy.trouble({ match: /\/full/, answer: httpAnswer(503, { code: 'pool-exhausted' }) });
    await expect(ask('/short')).rejects.toThrow('socket hang up');
    expect(await ask('/wrong')).toEqual({ status: 200, body: 'HELLO /wrong' });
    await expect(ask('/broken')).rejects.toThrow('Parse Error');
    expect(await ask('/full')).toEqual({ status: 503, body: '{"code":"pool-exhausted"}' });
    expect(asked).toEqual(['GET /short', 'GET /wrong', 'GET /broken']);
  });

  it('hangs up, refuses, is missing, and listens again', async () => {
    proxy.trouble({ close: true, times: 1 });
    await expect(ask('/')).rejects.toThrow(/socket hang up|ECONNRESET/);
    await proxy.refuse();
    await expect(ask('/')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await proxy.listen();
    expect(await ask('/')).toMatchObject({ status: 200 });
    await proxy.refuse({ missing: true });
    await expect(ask('/')).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('forgets its rules', async () => {
    proxy.trouble({ close: true });
    proxy.clear();
    expect(await ask('/')).toMatchObject({ status: 200 });
  });

  it('goes away without a trace', async () => {
    await proxy.lift();
    await proxy.lift();
    expect(await node.listFolder('/run/daemon')).toEqual(['api.sock', 'pid']);
    expect(await ask('/after')).toMatchObject({ body: 'hello /after' });
    expect(proxy.accepted).toBe(0);
  });

  it('leaves a socket alone that the daemon made anew', async () => {
    const other = createServer((_, answer) => answer.end('second run'));
    await node.remove(path);
    await new Promise<void>((resolve) => void node.path(path).then((real) => other.listen(real, resolve)));
    await proxy.lift();
    expect(await ask('/')).toMatchObject({ body: 'second run' });
    expect(await node.listFolder('/run/daemon')).toEqual(['api.sock', 'pid']);
    other.closeAllConnections();
    other.close();
    await node.remove(path);
    daemon.close();
    await new Promise<void>((resolve) => void node.path(path).then((real) => daemon.listen(real, resolve)));
  });

  it('needs a socket', async () => {
    await expect(interpose(node, '/run/daemon/none.sock')).rejects.toMatchObject({ code: 'NO_SUCH_SOCKET' });
    await expect(interpose(node, '/run/daemon/pid')).rejects.toThrow('no socket there');
  });
});

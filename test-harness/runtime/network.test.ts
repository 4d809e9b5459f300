import { describe, expect, it } from 'vitest';
import { parseNetwork, parseSingle } from './network.ts';
import { atLeast, negotiate } from './version.ts';

describe('version negotiation', () => {
  it.each([
    [undefined, ['0.4.0', '1.0.0'], '1.0.0'],
    ['0.3.1', ['1.0.0', '1.1.0', '9.9.9'], '1.1.0'],
    ['1.0.0', undefined, '1.0.0'],
    ['7.0.0', undefined, '7.0.0'],
    [undefined, undefined, ''],
    ['0.3.1', ['0.9.0', '1.2.0'], '0.9.0'],
    ['7.0.0', ['8.0.0'], '7.0.0'],
    ['1.1.0', ['0.4.0'], '1.1.0'],
  ])('%s with %j gives %s', (cniVersion, cniVersions, expected) => {
    expect(negotiate(cniVersion, cniVersions)).toBe(expected);
  });

  it.each([
    ['0.4.0', '0.4.0', true],
    ['0.3.1', '0.4.0', false],
    ['1.0.0', '0.4.0', true],
    ['1.10.0', '1.9.0', true],
    ['', '0.4.0', false],
  ])('%s at least %s is %s', (version, minimum, expected) => {
    expect(atLeast(version, minimum)).toBe(expected);
  });
});

describe('a network configuration', () => {
  it('keeps the plugins as written', () => {
    const plugin = { type: 'ptp', mtu: 1400, capabilities: { mac: true } };
    expect(parseNetwork(JSON.stringify({ cniVersion: '1.0.0', name: 'n', plugins: [plugin], disableCheck: 'true' }))).toMatchObject({
      name: 'n',
      cniVersion: '1.0.0',
      plugins: [plugin],
      disableCheck: true,
      disableGC: false,
    });
  });

  it('is made of a single plugin in a .conf file', () => {
    expect(parseSingle('{"cniVersion":"0.4.0","name":"n","type":"ptp"}').plugins).toEqual([
      { cniVersion: '0.4.0', name: 'n', type: 'ptp' },
    ]);
  });

  it('takes only name and version from a .conf file, and no name for an empty one', () => {
    const network = parseSingle('{"type":"ptp","cniVersion":"0.4.0","cniVersions":["1.0.0"],"disableCheck":true}');
    expect(network).toMatchObject({ name: '', cniVersion: '0.4.0', disableCheck: false });
    expect(JSON.parse(network.source).plugins).toHaveLength(1);
  });

  it.each([
    ['true', true],
    ['TRUE', true],
    ['False', false],
  ])('reads the flag "%s" as %s', (text, expected) => {
    expect(parseNetwork(`{"name":"n","disableGC":"${text}"}`).disableGC).toBe(expected);
  });

  it.each([
    ['', 'load x: '],
    ['[]', 'load x: not an object'],
    ['{"plugins":[]}', 'load x: no name'],
    ['{"name":"n","plugins":{}}', 'load x: plugins is not a list'],
    ['{"name":"n","plugins":[{}]}', 'load x: plugins[0]: no type'],
    ['{"name":"n","plugins":[]}', 'load x: plugins is empty'],
    ['{"name":"n","loadOnlyInlinedPlugins":true}', 'load x: loadOnlyInlinedPlugins is set, and there are no plugins'],
    ['{"name":"n","plugins":[{"type":"a","capabilities":{"mac":"yes"}}]}', 'load x: plugins[0]: capabilities are not all true or false'],
    ['{"name":"n","cniVersions":["1.x"]}', 'load x: 1.x is not a version'],
    ['{"name":"n","cniVersion":1}', 'load x: cniVersion is not a string'],
    ['{"name":"n","cniVersions":"1.0.0"}', 'load x: cniVersions is not a list of strings'],
    ['{"name":"n","disableCheck":"yes"}', 'load x: disableCheck is neither true nor false'],
  ])('refuses %s', (text, message) => {
    expect(() => parseNetwork(text, 'x')).toThrow(message);
  });
});

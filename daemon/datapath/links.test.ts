import { describe, expect, it } from 'vitest';
import { messageOf } from '../failure.ts';
import { explainAttach } from './links.ts';

const refused = (errnoName: string) => Object.assign(new Error(`attach axo_to_host: ${errnoName}`), { errnoName });

describe('a refused attach', () => {
  it.each(['5.15.0-91-generic', '6.1.0-18-amd64', '6.5.13'])('names the needed kernel on Linux %s', (kernel) => {
    const text = messageOf(explainAttach(refused('EINVAL'), kernel));
    expect(text).toContain(`this kernel (${kernel}) has no tcx links; axoneme needs Linux 6.6 or later`);
  });

  it.each([
    ['6.6.0', 'EINVAL'],
    ['6.18.44', 'EINVAL'],
    ['6.1.0', 'ENODEV'],
  ])('stays what it is on Linux %s with %s', (kernel, errnoName) => {
    const error = refused(errnoName);
    expect(explainAttach(error, kernel)).toBe(error);
  });
});

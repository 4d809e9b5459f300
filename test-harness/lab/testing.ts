/** What the harness's own tests use besides its public face. */
export * from '../index.ts';
export { cgroup2Root } from './cgroup.ts';

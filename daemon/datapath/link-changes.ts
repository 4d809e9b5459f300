import { hasErrno, type LinkChange, type Request, setLink } from '../../native/index.ts';

/** Renames a link, which is down afterwards, and changes more of it. Down first: a kernel before 6.2 renames no device that is up. */
export function renameLink(ifindex: number, name: string, more: LinkChange = {}): Request[] {
  return [setLink(ifindex, { up: false }), setLink(ifindex, { name, ...more })];
}

/** For the deletion or change of a device that may be gone by now. */
export function ignoreGone(error: unknown): void {
  if (!hasErrno(error, 'ENODEV')) throw error;
}

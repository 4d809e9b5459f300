import { sys } from './binding.ts';

/**
 * Makes malloc of the whole process keep less (mallopt(3)): one arena for all threads, instead of one that each thread of a pool fills to
 * its own peak, and fixed thresholds above which freed memory goes back to the kernel. For processes whose time is the kernel's rather
 * than malloc's; to be called before threads have made arenas. False where the C library has no such settings.
 */
export function keepMallocSmall(): boolean {
  return sys().keepMallocSmall();
}

/** Gives what malloc keeps free back to the kernel (malloc_trim(3)). False when there was nothing to give. */
export function trimMalloc(): boolean {
  return sys().trimMalloc();
}

/**
 * Lets go of the pages of the executable that this process has mapped and has no use for now (madvise(2), MADV_DONTNEED, on its read-only segments);
 * what is used again comes back from the page cache. Answers the bytes of these segments.
 */
export function releaseExecutable(): number {
  return sys().releaseExecutable();
}

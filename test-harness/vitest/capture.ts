import { join } from 'node:path';
import { onTestFailed, onTestFinished, type TestContext } from 'vitest';
import { type Capture, type CaptureOptions, capture, excerptOf, writeCaptures } from '../capture/capture.ts';
import type { NetworkNamespace } from '../lab/namespace.ts';

export interface CaptureOnFailureOptions extends CaptureOptions {
  /** where the file goes (default `.cache/captures` below the working directory) */
  readonly folder?: string;
  /** packets shown (default 40, the last) */
  readonly lines?: number;
  /** the test's context; needed only in concurrent tests, where vitest cannot know which one asks */
  readonly context?: Pick<TestContext, 'onTestFailed' | 'onTestFinished' | 'task'>;
}

/** What vitest calls when a test is over. */
interface Hooks {
  readonly onTestFailed: TestContext['onTestFailed'];
  readonly onTestFinished: TestContext['onTestFinished'];
}

/**
 * Captures the packets of some namespaces for as long as the test runs. When the test fails, they are written to one pcapng file, named after
 * the test, and shown one a line; when it passes nothing is left. Call it in a test or in `beforeEach`, before the packets flow.
 */
export async function captureOnFailure(
  at: NetworkNamespace | readonly NetworkNamespace[],
  options: CaptureOnFailureOptions = {},
): Promise<readonly Capture[]> {
  const hooks: Hooks = options.context ?? { onTestFailed, onTestFinished };
  const captures = await Promise.all([at].flat().map((each: NetworkNamespace) => capture(each, options)));
  const stop = () => Promise.all(captures.map((each) => each.stop()));
  hooks.onTestFailed(async ({ task }) => {
    await stop();
    const file = join(options.folder ?? join(process.cwd(), '.cache', 'captures'), `${fileNameOf(task.name)}.pcapng`);
    await writeCaptures(captures, file, task.name);
    console.error(
      `packets of ${captures.map((each) => each.at.place.name).join(', ')} (all of them in ${file}):\n${excerptOf(captures, options.lines)}`,
    );
  });
  hooks.onTestFinished(async () => void (await stop()));
  return captures;
}

/** At most 100 characters that no shell minds. */
function fileNameOf(test: string): string {
  return test.replaceAll(/[^\w.-]+/g, '-').slice(0, 100);
}

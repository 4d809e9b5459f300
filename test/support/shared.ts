import { afterAll, beforeAll, beforeEach } from 'vitest';

/** What tests share: a lab, or something in one. */
export interface Stage extends AsyncDisposable {
  /** What the processes under test have said lately. */
  lastWords?(): string;
}

/**
 * Begins what the tests of a file or suite share, and ends it after the last of them. A test that fails has the last words of the processes under test
 * printed, and the next one finds everything begun anew: none fails because of what another has left behind. Hooks that use it come after.
 */
export function shared(begin: () => Promise<Stage>): void {
  let stage: Stage | undefined;
  let isSpoilt = false;
  const end = async () => {
    const old = stage;
    stage = undefined;
    await old?.[Symbol.asyncDispose]();
  };
  beforeAll(async () => {
    stage = await begin();
  });
  beforeEach(async ({ task, onTestFailed }) => {
    if (isSpoilt) {
      await end();
      stage = await begin();
      isSpoilt = false;
    }
    onTestFailed(() => {
      isSpoilt = true;
      process.stderr.write(`${task.name} failed; last was said: ${stage?.lastWords?.() ?? 'nothing'}\n`);
    });
  });
  afterAll(end);
}

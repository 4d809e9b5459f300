import { renameSync, writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { Reporter, SerializedError, TestCase, TestModule, Vitest } from 'vitest/node';
import { failureLine, REPORT_FILE, type Report, STOP_AFTER, type TimedFile } from './report.ts';

/**
 * A reporter of vitest that keeps a file up to date while tests run, so that what ended is counted even when vitest is killed, and that stops the run
 * in order after {@link STOP_AFTER} seconds: tests that run come to their end, hooks clean up, nothing else begins.
 */
export default class AxonemeReporter implements Reporter {
  readonly #file = process.env[REPORT_FILE];
  readonly #files: TimedFile[] = [];
  readonly #failures: string[] = [];
  readonly #began = new Map<TestModule, number>();
  #passed = 0;
  #failed = 0;
  #skipped = 0;
  #isStopped = false;

  onInit(vitest: Vitest): void {
    const seconds = process.env[STOP_AFTER];
    if (seconds === undefined) return;
    const stop = () => {
      this.#isStopped = true;
      process.stdout.write('\n  the budget ends: no further test begins\n');
      void vitest.cancelCurrentRun('keyboard-input');
    };
    setTimeout(stop, Math.max(0, Number(seconds)) * 1000).unref();
  }

  onTestModuleStart(testModule: TestModule): void {
    this.#began.set(testModule, performance.now());
  }

  onTestCaseResult(testCase: TestCase): void {
    const { state, errors } = testCase.result();
    if (state === 'passed') this.#passed += 1;
    else if (state === 'failed') this.#fail(failureLine(pathOf(testCase.module), testCase.fullName, errors?.[0]?.message));
    else this.#skipped += 1;
    this.#write(false);
  }

  onTestModuleEnd(testModule: TestModule): void {
    const seconds = (performance.now() - (this.#began.get(testModule) ?? performance.now())) / 1000;
    this.#files.push({ path: pathOf(testModule), seconds });
    this.#failOutsideOfTests(testModule);
    this.#write(false);
  }

  onTestRunEnd(testModules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    // whose process died never ended; a file that was called off before it began has no state either
    for (const testModule of testModules)
      if (!this.#isStopped && isUnfinished(testModule)) this.#fail(`${pathOf(testModule)}: did not end`);
    for (const { message } of unhandled) this.#fail(failureLine('beside the tests', undefined, message));
    this.#write(true);
  }

  /** A hook of the file or of a suite in it that failed, or code that threw before there were tests. */
  #failOutsideOfTests(testModule: TestModule): void {
    const suites = [testModule, ...testModule.children.allSuites()];
    for (const suite of suites)
      for (const { message } of suite.errors())
        this.#fail(failureLine(pathOf(testModule), suite.type === 'suite' ? suite.fullName : undefined, message));
  }

  #fail(line: string): void {
    this.#failed += 1;
    this.#failures.push(line);
  }

  #write(isComplete: boolean): void {
    if (this.#file === undefined) return;
    const report: Report = {
      passed: this.#passed,
      failed: this.#failed,
      skipped: this.#skipped,
      failures: this.#failures,
      files: this.#files,
      isComplete,
      isStopped: this.#isStopped,
    };
    // a reader never finds half of it
    writeFileSync(`${this.#file}.new`, JSON.stringify(report));
    renameSync(`${this.#file}.new`, this.#file);
  }
}

const pathOf = ({ moduleId }: TestModule): string => relative(process.cwd(), moduleId);

function isUnfinished(testModule: TestModule): boolean {
  const state = testModule.state();
  return state === 'queued' || state === 'pending';
}

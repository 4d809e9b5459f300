/** Hears what takes long: a line when a step has ended, without a line end. */
export type Progress = (line: string) => void;

/** Downloads are announced on stderr, so that nobody wonders what a first run waits for. */
export const toStderr: Progress = (line) => void process.stderr.write(`  ${line}\n`);

/** Runs a step and tells its title with the seconds that it took. */
export async function timed<T>(progress: Progress, title: string, step: () => Promise<T>): Promise<T> {
  const began = performance.now();
  const value = await step();
  progress(`${title} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
  return value;
}

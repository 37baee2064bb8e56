import type { Reporter, TestModule, Vitest } from 'vitest/node';

/** Ends the output of a test run with one line that people and machines can read. */
export default class SummaryReporter implements Reporter {
  #counts = { passed: 0, failed: 0, skipped: 0 };

  onInit(vitest: Vitest): void {
    if (!vitest.config.watch) process.once('exit', (code) => this.#print(code));
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const counts = { passed: 0, failed: errors.length, skipped: 0 };
    for (const module of modules) {
      let failed = 0;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state === 'passed') counts.passed++;
        else if (state === 'failed') failed++;
        else counts.skipped++;
      }
      // A file that cannot be loaded, or whose hook throws, has no failed test of its own.
      counts.failed += module.state() === 'failed' ? Math.max(failed, 1) : failed;
    }
    this.#counts = counts;
  }

  /** A run that fails for any other reason must not end with a line that looks like success. */
  #print(code: number): void {
    const { passed, failed, skipped } = this.#counts;
    console.log(`tests: ${passed} passed, ${code === 0 ? failed : Math.max(failed, 1)} failed, ${skipped} skipped`);
  }
}

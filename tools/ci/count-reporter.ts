import type { Reporter, TestModule } from 'vitest/node'

/** Prints `N passed, N failed` (and `, N skipped`) alone on the last line, with each skip's reason above it. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 }
    const skipped: string[] = []
    let brokenFiles = 0
    for (const module of modules) {
      if (module.state() === 'failed' && module.errors().length > 0) brokenFiles++
      for (const test of module.children.allTests()) {
        const result = test.result()
        counts[result.state]++
        if (result.state !== 'skipped') continue
        const reason = 'note' in result && result.note !== undefined ? result.note : 'no reason given'
        skipped.push(`skipped: ${test.fullName}: ${reason}`)
      }
    }
    for (const line of skipped) console.log(line)
    const failed = counts.failed + counts.pending + brokenFiles
    console.log(`\n${counts.passed} passed, ${failed} failed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''}`)
  }
}

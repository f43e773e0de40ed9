/** Prints `N passed, N failed` (and `, N skipped`) alone on the last line, with each skip's reason above it. */
export default class CountReporter {
  /** @param {readonly import('vitest/node').TestModule[]} modules */
  onTestRunEnd(modules) {
    const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 }
    const skipped = []
    let brokenFiles = 0
    for (const module of modules) {
      if (module.state() === 'failed' && module.errors().length > 0) brokenFiles++
      for (const test of module.children.allTests()) {
        const result = test.result()
        counts[result.state]++
        if (result.state === 'skipped') skipped.push(`skipped: ${test.fullName}: ${result.note ?? 'no reason given'}`)
      }
    }
    for (const line of skipped) console.log(line)
    const failed = counts.failed + counts.pending + brokenFiles
    console.log(`\n${counts.passed} passed, ${failed} failed${counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''}`)
  }
}

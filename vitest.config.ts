import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'], externalConditions: ['source'] } },
  test: {
    include: ['{packages,hw-models,apps,tools}/*/test/**/*.test.ts'],
    // Processes, not threads: a fault of machine code ends one of them, and the run says so and fails.
    pool: 'forks',
    maxWorkers: 2,
    // Files of one process share its modules: they are read once, not once a file.
    isolate: false,
    testTimeout: 60_000,
    reporters: ['default', './tools/ci/count-reporter.ts'],
  },
})

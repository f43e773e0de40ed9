import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'], externalConditions: ['source'] } },
  test: {
    include: ['{packages,hw-models,apps,tools}/*/test/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 60_000,
    reporters: ['default', './tools/ci/count-reporter.ts'],
  },
})

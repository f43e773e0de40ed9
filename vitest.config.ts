import { defineConfig } from 'vitest/config'

/** Tests that execute machine code: a fault ends the process, so each file has its own. */
const MACHINE_CODE = [
  'packages/{jit-x86_64,jit-arm64,native-exec}/test/**/*.test.ts',
  'tools/program-generator/test/engines.test.ts',
]

export default defineConfig({
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source'], externalConditions: ['source'] } },
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    reporters: ['default', './tools/ci/count-reporter.ts'],
    projects: [
      {
        extends: true,
        test: {
          name: 'modules',
          include: ['{packages,hw-models,apps,tools}/*/test/**/*.test.ts'],
          exclude: MACHINE_CODE,
          // Files of one process share its modules: they are read once, not once a file.
          isolate: false,
        },
      },
      { extends: true, test: { name: 'machine code', include: MACHINE_CODE } },
    ],
  },
})

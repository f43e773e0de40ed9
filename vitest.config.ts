import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{packages,hw-models,apps,tools}/*/test/**/*.test.ts'],
    // Processes, not threads: a fault of machine code ends one of them, and the run says so and fails.
    pool: 'forks',
    maxWorkers: 2,
    // Files of one process share its modules: they are read once, not once a file.
    isolate: false,
    // Node imports the modules itself, by the hook that worker threads and child processes start with, too: Vite takes ten
    // times as long for each. What Node 20 can't read (`using`) can't be written in tests.
    execArgv: [
      '--import',
      new URL('./tools/typescript-hook/register.mjs', import.meta.url).href,
      '--conditions=source',
    ],
    experimental: { viteModuleRunner: false, nodeLoader: false },
    testTimeout: 60_000,
    reporters: ['default', './tools/ci/count-reporter.mjs'],
  },
})

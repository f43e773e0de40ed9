import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** What takes longest, most of all where CI=1: begun last, one of them would keep one processor busy and the other waiting. */
// biome-ignore format: names
const LONGEST = [
  'testbench/test/redirect-paths', 'testbench/test/running-kernel', 'testbench/test/nfp-engine', 'codegen/test/blinding',
  'conformance/test/kernel-tree/test-bpf', 'conformance/test/kernel-tree/verifier-table', 'deployment/test/examples',
  'conformance/test/classic/test-bpf', 'kernel-functions/kernel-functions', 'bpfoundry/test/bench-nic', 'campaign/test/queue',
  'bpfoundry/test/conformance-tree', 'campaign/test/campaign', 'testbench/test/threads', 'testbench/test/accounting',
].map((name) => `/${name}.test.ts`)

const rank = ({ moduleId }: TestSpecification): number => {
  const index = LONGEST.findIndex((name) => moduleId.endsWith(name))
  return index < 0 ? LONGEST.length : index
}

/** The longest files first; the others as Vitest has them, by the time that they took here, or by size. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b))
  }
}

export default defineConfig({
  test: {
    include: ['{packages,hw-models,apps,tools}/*/test/**/*.test.ts'],
    // Processes, not threads: a fault of machine code ends one of them, and the run says so and fails.
    pool: 'forks',
    maxWorkers: 2,
    // Files of one process share its modules: they are read once, not once a file.
    isolate: false,
    sequence: { sequencer: LongestFirst },
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

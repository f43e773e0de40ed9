// The talk's demo, measured: pnpm build, then
//   node --import ./tools/typescript-hook/register.mjs packages/testbench/bench/blacklist.ts [ENTRIES] [CPUS] [ENGINE] [PAIRS]
import { fileURLToPath } from 'node:url'
import { benchBlacklist } from '@bpfoundry/testbench'

const OBJECT = fileURLToPath(new URL('../../../fixtures/programs/blacklist/blacklist.v3.o', import.meta.url))
const [entries = 1 << 24, cpus = 2] = process.argv.slice(2, 4).map(Number)
const [, , , , engine = 'auto', pairs = 3] = process.argv

const result = await benchBlacklist({
  object: OBJECT,
  entries,
  cpus,
  engine,
  pairs: Number(pairs),
  onProgress: (text) => console.error(text),
})
for (const run of result.runs) {
  const mpps = (run.packetsPerSecond / 1e6).toFixed(2)
  const [wall, processor] = [run.nanosecondsPerPacket, run.processorNanosecondsPerPacket].map((ns) => ns.toFixed(1))
  console.log(`${run.cpus} CPUs: ${mpps} Mpps, ${wall} ns a packet on its CPU, ${processor} ns of processor time`)
}
console.log(
  `${result.engine}, ${entries} addresses: ratio ${result.ratio.toFixed(2)}, ` +
    `table ${(result.mapBytes / 2 ** 20).toFixed(0)} MiB, peak ${(result.peakBytes / 2 ** 20).toFixed(0)} MiB`,
)

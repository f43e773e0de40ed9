// node --import ./tools/typescript-hook/register.mjs --conditions=source hw-models/nfp/bench/card-simulation.bench.ts
// Wall time of the card's model: modelled core cycles and packets a second of one worker.
import { type CardRun, nfpCard, type PacketPath, simulateCard } from '@bpfoundry/nfp'
import { commanding, computing } from '../test/simulation/paths.ts'

const RUNS = 15

const run = (cores: number, path: PacketPath, load: CardRun['load'] = { kind: 'shaped' }): CardRun => ({
  card: nfpCard('agilio-cx-2x40'),
  cores,
  firmware: 'full',
  paths: [path],
  frameBytes: 60,
  load,
  warmUpPackets: 1000,
  packets: 20_000,
})

// biome-ignore format: table
const CASES: readonly (readonly [string, CardRun])[] = [
  ['drop, 5 cores',                       run( 5, computing(12))],
  ['drop, 50 cores',                      run(50, computing(12))],
  ['drop, 50 cores, line full',           run(50, computing(12), { kind: 'rate', packetsPerSecond: 1e12 })],
  ['1000 cycles, 50 cores',               run(50, computing(1000))],
  ['8 reads of one word, 50 cores',       run(50, commanding(8, 6))],
  ['20 adds to one word, 50 cores',       run(50, commanding(20, 6, { operation: 'add', waits: false }))],
]

console.log('case | M core cycles/s | M packets/s | ms a run, best and median')
for (const [name, whole] of CASES) {
  const times: number[] = []
  let coreCycles = 0
  for (let n = 0; n < RUNS; n++) {
    const start = performance.now()
    coreCycles = simulateCard(whole).coreCycles
    times.push(performance.now() - start)
  }
  times.sort((a, b) => a - b)
  const [best = 0, median = 0] = [times[0], times[RUNS >> 1]]
  const row = [coreCycles / best / 1e3, (whole.packets + whole.warmUpPackets) / best / 1e3].map((n) => n.toFixed(1))
  console.log([name, ...row, `${best.toFixed(1)} ${median.toFixed(1)}`].join(' | '))
}

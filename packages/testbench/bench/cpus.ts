// How much faster two emulated CPUs are than one: pnpm build, then
//   node --import ./tools/typescript-hook/register.mjs packages/testbench/bench/cpus.ts [PAIRS] [ENGINE]
// Wall packets a second on the native model, one CPU and two in turn, in one process: only the ratio means anything,
// and that only on a host with two cores to spare.
import { fileURLToPath } from 'node:url'
import { pktgen, prepared, Testbench, type Traffic } from '@bpfoundry/testbench'

const OBJECT = fileURLToPath(new URL('../../../fixtures/programs/blacklist/blacklist.v3.o', import.meta.url))
const TRAFFIC = 'rate=10M,size=60,src=10.0.0.0/8,dst=192.0.2.1,proto=udp,dport=9,allowed=10%'
const [, , pairs = '5', engine = 'interpreter'] = process.argv
/** About a second's worth on one CPU. */
const COUNT = engine === 'interpreter' ? 1_000_000 : 10_000_000

/** Frames made in advance, so that generating them takes no time from the CPUs that are measured. */
function traffic(count: number): Traffic {
  return prepared(pktgen(TRAFFIC), 65_536, count)
}

async function packetsPerSecond(cpus: number): Promise<number> {
  const bench = await Testbench.create({ cpus, threads: true, engine })
  const nic = bench.addNic('eno1', {
    profile: 'ixgbe',
    queues: 2,
    ringSize: 1024,
    stackSink: 'discard',
    txSink: 'discard',
  })
  const objects = await bench.load(OBJECT)
  const keys = new Uint8Array(4 * 65_536)
  for (let n = 0; n < 65_536; n++) keys.set([10, (n * 37) & 0xff, n >>> 8, n & 0xff], 4 * n)
  objects.map('blocked').setMany(keys, new Uint8Array(8 * 65_536), 65_536)
  await nic.attachXdp(objects.program('filter'), { mode: 'native' })
  // The first packets warm the worker's compiler up.
  await nic.receive(traffic(COUNT / 4))
  const { wall } = await nic.receive(traffic(COUNT))
  await bench.close()
  return wall.packetsPerSecond
}

const ratios: number[] = []
for (let pair = 0; pair < Number(pairs); pair++) {
  const [one, two] = [await packetsPerSecond(1), await packetsPerSecond(2)]
  ratios.push(two / one)
  console.log(`1 CPU ${(one / 1e3).toFixed(0)} kpps, 2 CPUs ${(two / 1e3).toFixed(0)} kpps: ${(two / one).toFixed(2)}`)
}
ratios.sort((a, b) => a - b)
console.log(`ratio: median ${median(ratios).toFixed(2)}, ${ratios[0]?.toFixed(2)} to ${ratios.at(-1)?.toFixed(2)}`)

/** Of sorted numbers: the one in the middle, or the mean of the two there. */
function median(sorted: readonly number[]): number {
  const middle = (sorted.length - 1) / 2
  return ((sorted[Math.floor(middle)] as number) + (sorted[Math.ceil(middle)] as number)) / 2
}

// node --import ./tools/typescript-hook/register.mjs --conditions=source packages/cbpf/bench/machine.bench.ts
// Nanoseconds a packet of the classic machine, best of several rounds; what accepting and translating a program takes.
import {
  BPF_STMT,
  ClassicMachine,
  checkClassic,
  frameBuffer,
  GUEST_CONTEXT,
  readDecimal,
  toEbpf,
} from '@bpfoundry/cbpf'

const ROUNDS = 7
const ROUND_NS = 60e6

/** From tcpdump -ddd, with a frame's bytes that make it execute most. */
const FILTERS = [
  { name: 'ip', text: '4\n40 0 0 12\n21 0 1 2048\n6 0 0 262144\n6 0 0 0\n' },
  {
    name: 'ip and tcp and dst port 80',
    text: '11\n40 0 0 12\n21 0 8 2048\n48 0 0 23\n21 0 6 6\n40 0 0 20\n69 4 0 8191\n177 0 0 14\n72 0 0 16\n21 0 1 80\n6 0 0 262144\n6 0 0 0\n',
  },
]

const frame = new Uint8Array(60)
frame.set([0x08, 0x00, 0x45], 12)
frame[23] = 6
frame[37] = 80

/** Best mean time of one call, in ns. */
function measure(call: () => void): number {
  let best = Number.POSITIVE_INFINITY
  let times = 1
  for (let round = 0; round < ROUNDS; ) {
    const start = process.hrtime.bigint()
    for (let count = 0; count < times; count++) call()
    const ns = Number(process.hrtime.bigint() - start)
    if (ns < ROUND_NS) times *= 2
    else {
      best = Math.min(best, ns / times)
      round++
    }
  }
  return best
}

const buffer = frameBuffer(frame)
for (const { name, text } of FILTERS) {
  const machine = new ClassicMachine(readDecimal(text))
  const { executed } = machine.run(buffer)
  const ns = measure(() => machine.run(buffer))
  console.log(`${name}: ${ns.toFixed(0)} ns a packet, ${(ns / executed).toFixed(1)} an instruction (${executed})`)
}

const longest = [...Array.from({ length: 4095 }, (_, index) => BPF_STMT(0x28, index % 60)), BPF_STMT(0x16, 0)]
console.log(`checking 4096 instructions: ${(measure(() => checkClassic(longest)) / 1000).toFixed(0)} us`)
console.log(`translating them: ${(measure(() => toEbpf(longest, GUEST_CONTEXT)) / 1000).toFixed(0)} us`)

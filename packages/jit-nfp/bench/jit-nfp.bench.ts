// node --import ./tools/typescript-hook/register.mjs --conditions=source packages/jit-nfp/bench/jit-nfp.bench.ts
// CPU time to translate and to relocate, and words, per BPF instruction.
import { type NfpPlacement, type NfpProgram, type NfpTranslation, relocate, translateNfp } from '../src/index.ts'
import { GOLDEN_PROGRAMS } from '../test/golden-programs.ts'

const ROUNDS = 7
const ROUND_NS = 60e6

const PLACEMENT: NfpPlacement = { start: 3072, done: 500, helpers: new Map([1, 2, 3, 25].map((id) => [id, 6000 + id])) }

/** Nanoseconds of this process's own work, which others on the machine don't lengthen. */
const cpuNs = (): number => process.cpuUsage().user * 1000

/** Best mean time over several rounds, in us. */
function measure(body: () => void): number {
  let [times, best] = [1, Number.POSITIVE_INFINITY]
  for (let round = 0; round < ROUNDS; ) {
    const start = cpuNs()
    for (let i = 0; i < times; i++) body()
    const ns = cpuNs() - start
    if (ns < ROUND_NS) times *= 2
    else {
      best = Math.min(best, ns / times)
      round++
    }
  }
  return best / 1000
}

function report(name: string, program: NfpProgram): void {
  const slots = program.insns.length
  const translation = translateNfp(program).translation as NfpTranslation
  const us = measure(() => translateNfp(program))
  const placed = measure(() => relocate(translation, PLACEMENT))
  const columns = [
    String(slots).padStart(6),
    us.toFixed(1).padStart(12),
    ((us / slots) * 100).toFixed(0).padStart(14),
    placed.toFixed(1).padStart(12),
    String(translation.words.length).padStart(7),
    (translation.words.length / slots).toFixed(1).padStart(12),
  ]
  console.log(name.padEnd(24), ...columns)
}

/** One program of all golden ones that need no function of their own, as long as real ones are. */
function joined(times: number): NfpProgram {
  const parts = GOLDEN_PROGRAMS.filter(({ program }) => program.stackDepths.length === 1 && program.type === 6)
  const bodies = Array.from({ length: times }, () => parts).flat()
  const last = parts[0]?.program as NfpProgram
  const insns = bodies.flatMap(({ program }) => program.insns.slice(0, -1))
  const facts = bodies.flatMap(({ program }) => program.facts.slice(0, -1))
  const target = { maxWords: 100_000, adjustHead: { offMin: 44, offMax: 248 } }
  return {
    type: last.type,
    insns: [...insns, ...last.insns],
    facts: [...facts, ...last.facts],
    stackDepths: [112],
    target,
  }
}

console.log('program                   slots translate us us/100 slots relocate us   words words/slot')
for (const { name, program } of GOLDEN_PROGRAMS) report(name, program)
report('all of them, 10 times', joined(10))

import {
  type ConformanceCase,
  createBareMachine,
  type NotRunnable,
  readVector,
  type SuiteCase,
  type SuiteReading,
} from '@bpfoundry/conformance'
import { engineByName } from '@bpfoundry/testbench'

/** A case of a made suite. */
function made(seed: number, n: number, question: () => ConformanceCase | NotRunnable): SuiteCase {
  const id = `made/${seed}#${n}`
  return { id, suite: 'verifier', file: `made-${seed}.c`, line: n + 1, name: `case ${n}`, privilege: 'full', question }
}

/** `r0 = n; exit`, expected to give `retval`. */
function returns(seed: number, n: number, retval: number = n): ConformanceCase {
  const insns = `b70000000${n}0000009500000000000000`
  const fields = { prog_type: 'xdp', insns, data_in: '00'.repeat(64), expect: { load_ok: true, retval } }
  const text = JSON.stringify({ id: `made/${seed}#${n}`, ...fields })
  return { kind: 'vector', vector: readVector({ file: 'made', line: 1, text }) }
}

const reading = (cases: readonly SuiteCase[]): SuiteReading => ({ cases, problems: [] })

const numbers = Array.from({ length: 10 }, (_, n) => n)

/** Ten cases: 9 expects something else than it gives, 8 can't be run. */
export function plain(seed: number): SuiteReading {
  const question = (n: number): ConformanceCase | NotRunnable => {
    if (n === 8) return { kind: 'not-runnable', reason: 'not-data', detail: 'made of nothing' }
    return returns(seed, n, n === 9 ? 0 : n)
  }
  return reading(numbers.map((n) => made(seed, n, () => question(n))))
}

/** What cases 3 and 6 of {@link troubled} do. */
const TROUBLES: Readonly<Record<number, () => void>> = {
  3: () => process.exit(7),
  6: () => {
    while (true);
  },
}

/** Ten cases, two of which do not come back. */
export function troubled(seed: number): SuiteReading {
  const question = (n: number): ConformanceCase => {
    TROUBLES[n]?.()
    return returns(seed, n)
  }
  return reading(numbers.map((n) => made(seed, n, () => question(n))))
}

/** Never comes to an end. */
export function endless(): SuiteReading {
  return reading([made(0, 0, TROUBLES[6] as () => never)])
}

/** Ten cases that take 50 ms each. */
export function slow(seed: number): SuiteReading {
  const question = (n: number): ConformanceCase => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)
    return returns(seed, n)
  }
  return reading(numbers.map((n) => made(seed, n, () => question(n))))
}

/** Ten cases, one of which kills the process. */
export function deadly(seed: number): SuiteReading {
  const question = (n: number): ConformanceCase => {
    if (n === 2) process.kill(process.pid, 'SIGKILL')
    return returns(seed, n)
  }
  return reading(numbers.map((n) => made(seed, n, () => question(n))))
}

/** `r1 = 0x7fffffff00000000; r0 = *(u64 *)r1`: no address of guest memory. */
const WILD = '180100000000000000000000ffffff7f79100000000000009500000000000000'

/** Two cases; with the second, machine code of the thread itself faults. */
export function faulting(seed: number): SuiteReading {
  const question = (n: number): ConformanceCase => {
    const { insns } = readVector({ file: 'made', line: 1, text: JSON.stringify({ insns: WILD }) })
    // It runs before the promise is made, and what it comes to is of no interest: that the thread lives is.
    if (n === 1)
      void createBareMachine(engineByName('auto'))
        .run({ name: 'wild', insns, memory: new Uint8Array(8) })
        .catch(() => {})
    return returns(seed, n)
  }
  return reading([0, 1].map((n) => made(seed, n, () => question(n))))
}

// node packages/interpreter/bench/dispatch.bench.ts, through the TypeScript hook as interpreter.bench.ts
// Ways to dispatch, on the same loop of 10 instructions: which one the interpreter uses was chosen by this.

/** Instruction of the loop: kind, dst and src slot (2 words a register), immediate. */
type Step = readonly [kind: Kind, d: number, s: number, k: number]
type Kind = 'addX' | 'xorX' | 'lshK' | 'movX' | 'and32K' | 'add32K' | 'addK' | 'jneK' | 'exit'
type Words = Int32Array
type Runner = (words: Words) => number

const TURNS = 10_000
const LOOP: readonly Step[] = [
  ['addX', 0, 4, 0],
  ['xorX', 4, 0, 0],
  ['lshK', 4, 0, 3],
  ['movX', 8, 4, 0],
  ['and32K', 8, 0, 255],
  ['addX', 0, 8, 0],
  ['add32K', 4, 0, 5],
  ['movX', 6, 8, 0],
  ['addK', 2, 0, -1],
  ['jneK', 2, 0, 0],
  ['exit', 0, 0, 0],
]
const EXIT = -1

/** The arithmetic, shared by all ways: what is compared is how it is reached. */
const word = (r: Words, at: number): number => r[at] as number
function add(r: Words, d: number, lo: number, hi: number): void {
  const sum = (word(r, d) + lo) | 0
  r[d] = sum
  r[d + 1] = word(r, d + 1) + hi + (sum >>> 0 < lo >>> 0 ? 1 : 0)
}
function set(r: Words, d: number, lo: number, hi: number): void {
  r[d] = lo
  r[d + 1] = hi
}
function shift(r: Words, d: number, n: number): void {
  const lo = word(r, d)
  set(r, d, lo << n, (word(r, d + 1) << n) | (lo >>> (32 - n)))
}

/** A closure for each instruction, in an array. */
function closures(): () => Runner {
  type Op = (r: Words) => number
  // biome-ignore format: table
  const make: Record<Kind, (d: number, s: number, k: number, next: number) => Op> = {
    addX:   (d, s, _, next) => (r) => { add(r, d, word(r, s), word(r, s + 1)); return next },
    xorX:   (d, s, _, next) => (r) => { set(r, d, word(r, d) ^ word(r, s), word(r, d + 1) ^ word(r, s + 1)); return next },
    lshK:   (d, _, k, next) => (r) => { shift(r, d, k); return next },
    movX:   (d, s, _, next) => (r) => { set(r, d, word(r, s), word(r, s + 1)); return next },
    and32K: (d, _, k, next) => (r) => { set(r, d, word(r, d) & k, 0); return next },
    add32K: (d, _, k, next) => (r) => { set(r, d, word(r, d) + k, 0); return next },
    addK:   (d, _, k, next) => (r) => { add(r, d, k, k >> 31); return next },
    jneK:   (d, _, k, next) => (r) => (word(r, d) !== k || word(r, d + 1) !== k >> 31 ? 0 : next),
    exit:   () => () => EXIT,
  }
  const run = (ops: readonly Op[], r: Words): number => {
    let left = 1e9 | 0
    let pc = 0
    do pc = (ops[pc] as Op)(r)
    while (pc >= 0 && --left > 0)
    return 1e9 - left
  }
  return () => {
    const ops = LOOP.map(([kind, d, s, k], pc) => make[kind](d, s, k, pc + 1))
    return (r) => run(ops, r)
  }
}

/** Operands in an Int32Array, handlers in a table. */
function handlerTable(): () => Runner {
  type Op = (r: Words, o: Int32Array, p: number) => number
  const field = (o: Int32Array, at: number): number => o[at] as number
  // biome-ignore format: table
  const handlers: Record<Kind, Op> = {
    addX:   (r, o, p) => { const s = field(o, p + 2); add(r, field(o, p + 1), word(r, s), word(r, s + 1)); return p + 4 },
    xorX:   (r, o, p) => { const d = field(o, p + 1); const s = field(o, p + 2); set(r, d, word(r, d) ^ word(r, s), word(r, d + 1) ^ word(r, s + 1)); return p + 4 },
    lshK:   (r, o, p) => { shift(r, field(o, p + 1), field(o, p + 3)); return p + 4 },
    movX:   (r, o, p) => { const s = field(o, p + 2); set(r, field(o, p + 1), word(r, s), word(r, s + 1)); return p + 4 },
    and32K: (r, o, p) => { const d = field(o, p + 1); set(r, d, word(r, d) & field(o, p + 3), 0); return p + 4 },
    add32K: (r, o, p) => { const d = field(o, p + 1); set(r, d, word(r, d) + field(o, p + 3), 0); return p + 4 },
    addK:   (r, o, p) => { const k = field(o, p + 3); add(r, field(o, p + 1), k, k >> 31); return p + 4 },
    jneK:   (r, o, p) => { const d = field(o, p + 1); const k = field(o, p + 3); return word(r, d) !== k || word(r, d + 1) !== k >> 31 ? 0 : p + 4 },
    exit:   () => EXIT,
  }
  const kinds = Object.keys(handlers) as Kind[]
  const table = kinds.map((kind) => handlers[kind])
  const run = (operands: Int32Array, r: Words): number => {
    let left = 1e9 | 0
    let p = 0
    do p = (table[operands[p] as number] as Op)(r, operands, p)
    while (p >= 0 && --left > 0)
    return 1e9 - left
  }
  return () => {
    const operands = new Int32Array(LOOP.flatMap(([kind, d, s, k]) => [kinds.indexOf(kind), d, s, k]))
    return (r) => run(operands, r)
  }
}

/** Decoded operations that link to the next one, with plain functions for handlers. */
function linkedOperations(): () => Runner {
  type Op = (r: Words, o: Operation) => Operation | undefined
  class Operation {
    readonly run: Op
    readonly d: number
    readonly s: number
    readonly k: number
    next: Operation = this
    target: Operation = this
    constructor(run: Op, d: number, s: number, k: number) {
      this.run = run
      this.d = d
      this.s = s
      this.k = k
    }
  }
  // biome-ignore format: table
  const handlers: Record<Kind, Op> = {
    addX:   (r, o) => { add(r, o.d, word(r, o.s), word(r, o.s + 1)); return o.next },
    xorX:   (r, o) => { set(r, o.d, word(r, o.d) ^ word(r, o.s), word(r, o.d + 1) ^ word(r, o.s + 1)); return o.next },
    lshK:   (r, o) => { shift(r, o.d, o.k); return o.next },
    movX:   (r, o) => { set(r, o.d, word(r, o.s), word(r, o.s + 1)); return o.next },
    and32K: (r, o) => { set(r, o.d, word(r, o.d) & o.k, 0); return o.next },
    add32K: (r, o) => { set(r, o.d, word(r, o.d) + o.k, 0); return o.next },
    addK:   (r, o) => { add(r, o.d, o.k, o.k >> 31); return o.next },
    jneK:   (r, o) => (word(r, o.d) !== o.k || word(r, o.d + 1) !== o.k >> 31 ? o.target : o.next),
    exit:   () => undefined,
  }
  const runFrom = (first: Operation, r: Words): number => {
    let left = 1e9 | 0
    let operation: Operation | undefined = first
    do {
      const run: Op = operation.run
      operation = run(r, operation)
    } while (operation !== undefined && --left > 0)
    return 1e9 - left
  }
  return () => {
    const operations = LOOP.map(([kind, d, s, k]) => new Operation(handlers[kind], d, s, k))
    const first = operations[0] as Operation
    for (const [pc, operation] of operations.entries()) {
      operation.next = operations[pc + 1] ?? operation
      operation.target = first
    }
    return (r) => runFrom(first, r)
  }
}

/** Best mean time of an instruction over several rounds, ns. */
function measure(run: Runner): number {
  const words = new Int32Array(new SharedArrayBuffer(96))
  const once = (): number => {
    words.fill(0)
    words[2] = TURNS
    words[4] = 7
    return run(words)
  }
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < 60; round++) {
    const start = process.hrtime.bigint()
    const insns = once()
    best = Math.min(best, Number(process.hrtime.bigint() - start) / insns)
  }
  return best
}

for (const [name, create] of Object.entries({ closures, handlerTable, linkedOperations })) {
  const translate = create()
  const first = measure(translate())
  const second = measure(translate())
  console.log(`${name.padEnd(18)} first program ${first.toFixed(2)} ns/insn, second ${second.toFixed(2)}`)
}

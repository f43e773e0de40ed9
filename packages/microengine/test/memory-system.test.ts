import { alu, br, cmd, gprA, gprB, imm, immed, NO_OPERAND, nop, type Word, xfer } from '@bpfoundry/microcode'
import { describe, expect, it } from 'vitest'
import {
  type FirmwareRoutine,
  type FirmwareStep,
  LOOKAHEAD_CYCLES,
  MEMORY_OPERATIONS,
  MEMORY_TIMINGS,
  MemorySystem,
  Microengine,
  PARKED,
} from '../src/index.ts'

const START = 100
const END = 4000
const MEMORY_BYTES = 1 << 16
const EMEM_BEGIN = 1 << 15
const HELPER = 5000

/** The first half of memory is on the chip, the second half is external. */
function memorySystem(): { memory: MemorySystem; bytes: Uint8Array } {
  const bytes = new Uint8Array(MEMORY_BYTES)
  const regions = [
    { memory: 'ctm', begin: 0, end: EMEM_BEGIN },
    { memory: 'emem', begin: EMEM_BEGIN, end: MEMORY_BYTES },
  ]
  return { memory: new MemorySystem({ memory: { bytes }, timings: MEMORY_TIMINGS, regions }), bytes }
}

const readAt = (address: number): Word[] => [
  immed(gprA(1), address),
  cmd({ command: 'read32_swap', mode: '32', xfer: 0, left: gprA(1), right: imm(0), count: 0, swap: 'swap' }),
]

/** Runs cores in steps, each step in the order of `order`, until all contexts are parked or a cycle is reached. */
function runCores(cores: readonly Microengine[], memory: MemorySystem, order: readonly number[], cycles: number): void {
  const from = Math.floor(Math.max(...cores.map(({ cycle }) => cycle)) / LOOKAHEAD_CYCLES) * LOOKAHEAD_CYCLES
  for (let until = from + LOOKAHEAD_CYCLES; until <= cycles; until += LOOKAHEAD_CYCLES) {
    for (const index of order) cores[index]?.run(until)
    memory.service(until)
  }
}

const parked = (name: string): FirmwareRoutine => ({ name, enter: () => [], leave: () => PARKED })

describe('memories', () => {
  it.each([
    ['ctm', 0],
    ['emem', EMEM_BEGIN],
  ] as const)('%s answers after its latency', (name, address) => {
    const { memory, bytes } = memorySystem()
    bytes.set([1, 2, 3, 4], address)
    const core = new Microengine({ memory })
    core.load(START, readAt(address))
    core.setRoutine(START + 2, parked('end'))
    core.start(0, START)
    runCores([core], memory, [0], 1000)
    expect(core.context(0).xferIn[0]).toBe(0x04030201)
    expect(core.context(0).base).toBe(1 + 3 + MEMORY_TIMINGS[name].latencyCycles)
  })

  it('commands to one line of external memory are served at the measured rates', () => {
    // J. Krude et al.: 197.4 million reads and 248.5 million immediate sums a second at 800 MHz, with cores enough.
    const rates = [
      ['read32_swap', 197.4],
      ['add_imm', 248.5],
    ] as const
    for (const [command, millionsPerSecond] of rates) {
      const { memory } = memorySystem()
      const loop = [
        immed(gprA(1), EMEM_BEGIN),
        cmd({ command, mode: '32', xfer: 0, left: gprA(1), right: imm(0), count: 0, swap: 'swap' }),
        br('br', START + 1),
      ]
      const cores = Array.from({ length: 40 }, (_, id) => new Microengine({ id, memory }))
      for (const core of cores) {
        core.load(START, loop)
        for (let context = 0; context < 4; context++) core.start(context, START)
      }
      // Every context has one command under way, so what is served between two cycles is what was issued between them.
      const served = [10_000, 20_000].map((cycles) => {
        runCores(
          cores,
          memory,
          cores.map(({ id }) => id),
          cycles,
        )
        return memory.counters('emem').commands
      })
      const perCycle = ((served[1] ?? 0) - (served[0] ?? 0)) / 10_000
      expect(perCycle * 800).toBeCloseTo(millionsPerSecond, 0)
    }
  })

  it('results do not depend on the order in which cores are run', () => {
    // Each core adds to one counter and reads it again, with pauses of its own.
    const run = (order: readonly number[]): unknown => {
      const { memory, bytes } = memorySystem()
      const words = (id: number): Word[] => [
        immed(gprA(1), EMEM_BEGIN),
        immed(gprA(2), 30),
        alu(xfer(0), NO_OPERAND, 'B', imm(id + 1)),
        cmd({ command: 'add', mode: '32', xfer: 0, left: gprA(1), right: imm(0), count: 0, swap: 'swap' }),
        cmd({ command: 'read32', mode: '32', xfer: 0, left: gprA(1), right: imm(0), count: 0, swap: 'swap' }),
        alu(gprA(3), gprA(3), '+', gprB(3)),
        alu(gprB(3), NO_OPERAND, 'B', xfer(0)),
        ...Array.from({ length: id * 3 }, () => nop()),
        alu(gprA(2), gprA(2), '-', imm(1)),
        br('bne', START + 3),
      ]
      const cores = [0, 1, 2, 3, 4].map((id) => {
        const core = new Microengine({ id, memory })
        core.load(START, words(id))
        core.setRoutine(START + words(id).length, parked('end'))
        for (let context = 0; context < 4; context++) core.start(context, START, context)
        return core
      })
      runCores(cores, memory, order, 60_000)
      const counter = new DataView(bytes.buffer).getUint32(EMEM_BEGIN)
      return { counter, states: cores.map(({ state, cycle, counters }) => ({ gpr: [...state.gpr], cycle, counters })) }
    }
    const first = run([0, 1, 2, 3, 4])
    expect(first).toMatchObject({ counter: 30 * 4 * (1 + 2 + 3 + 4 + 5) })
    expect(run([4, 2, 0, 3, 1])).toEqual(first)
  })

  it.each([
    ['an address in no memory', { regions: [] }, 'MICROENGINE_ADDRESS'],
    ['a region of no memory', { regions: [{ memory: 'sram', begin: 0, end: 1 }] }, 'MICROENGINE_ADDRESS'],
    [
      'a memory faster than the lookahead',
      { timings: { ctm: { ...MEMORY_TIMINGS.ctm, latencyCycles: 49 } } },
      'MICROENGINE_ADDRESS',
    ],
  ])('%s is an error', (_, change, code) => {
    const make = (): void => {
      const options = { memory: { bytes: new Uint8Array(64) }, timings: MEMORY_TIMINGS, regions: [], ...change }
      const memory = new MemorySystem(options)
      const core = new Microengine({ memory })
      core.load(START, readAt(0))
      core.start(0, START)
      runCores([core], memory, [0], 200)
    }
    expect(make).toThrow(expect.objectContaining({ code }))
  })
})

describe('contexts', () => {
  it('take turns: while one waits for memory, the others have the core', () => {
    const { memory } = memorySystem()
    const core = new Microengine({ memory })
    const words = [...readAt(0), ...Array.from({ length: 10 }, () => nop())]
    core.load(START, words)
    const ends: number[] = []
    core.setRoutine(START + words.length, {
      ...parked('end'),
      enter: (_, context) => {
        ends.push(core.context(context).base)
        return []
      },
    })
    for (let context = 0; context < 4; context++) core.start(context, START)
    runCores([core], memory, [0], 500)
    // Four commands of four cycles each go out, then answers come in the same order and each has its ten words.
    const first = 4 + MEMORY_TIMINGS.ctm.latencyCycles
    expect(ends).toEqual([first, first + 10, first + 20, first + 30])
    expect(core.counters.busyCycles).toBe(4 * (4 + 10))
  })

  it('of an 8-context core have half of the registers each', () => {
    const { memory } = memorySystem()
    const core = new Microengine({ memory, contexts: 8 })
    core.load(START, [immed(gprA(3), 7), br('br', END)])
    core.setRoutine(END, parked('end'))
    core.start(5, START)
    core.run(100)
    expect([...core.state.gpr].flatMap((value, register) => (value === 0 ? [] : [register]))).toEqual([5 * 16 + 3])
  })

  it('that are not there or not parked cannot be started', () => {
    const { memory } = memorySystem()
    const core = new Microengine({ memory })
    core.start(0, START)
    for (const context of [0, 4]) {
      expect(() => core.start(context, START)).toThrow(expect.objectContaining({ code: 'MICROENGINE_CONTEXT' }))
    }
  })
})

describe('routines of the firmware', () => {
  it('take their cycles and commands, act in the order of memory, and return where they say', () => {
    const { memory } = memorySystem()
    const core = new Microengine({ memory })
    const trail: string[] = []
    const steps: readonly FirmwareStep[] = [
      { kind: 'compute', cycles: 20 },
      {
        kind: 'memory',
        memory: 'emem',
        operation: MEMORY_OPERATIONS.read,
        units: 8,
        addressBits: 40,
        wait: true,
        perform: (_, context) => void trail.push(`bucket for ${context}`),
      },
      { kind: 'memory', memory: 'emem', operation: MEMORY_OPERATIONS.add, units: 1, addressBits: 40, wait: false },
      { kind: 'compute', cycles: 5 },
    ]
    core.setRoutine(HELPER, {
      name: 'lookup',
      enter: () => steps,
      leave: (helper, context) => {
        helper.context(context).a[0] = 0x1234
        return helper.context(context).b[0] ?? 0
      },
    })
    core.load(START, [br('br', HELPER, 1), immed(gprB(0), START + 2), alu(gprA(1), gprA(0), '+', imm(1))])
    core.setRoutine(START + 3, {
      ...parked('end'),
      enter: (_, context) => {
        trail.push(`end after ${core.context(context).base + core.context(context).cycle}`)
        return []
      },
    })
    core.start(0, START)
    runCores([core], memory, [0], 1000)
    const cycles = 4 + 20 + 3 + MEMORY_TIMINGS.emem.latencyCycles + 1 + 5 + 1
    expect(trail).toEqual(['bucket for 0', `end after ${cycles}`])
    expect(core.context(0).a[1]).toBe(0x1235)
    expect(memory.counters('emem').commands).toBe(2)
  })

  it('cannot lie where words are, nor words where the store ends', () => {
    const { memory } = memorySystem()
    const core = new Microengine({ memory })
    core.load(START, [nop()])
    expect(() => core.setRoutine(START, parked('x'))).toThrow(expect.objectContaining({ code: 'MICROENGINE_STORE' }))
    expect(() => core.load(8192, [nop()])).toThrow(expect.objectContaining({ code: 'MICROENGINE_STORE' }))
  })
})

import { describe, expect, it } from 'vitest'
import { describeEngine, ENGINE_NAMES, engineByName } from '../src/engines.ts'
import { TestbenchError } from '../src/index.ts'

/** The machine-code engine of the other architecture. */
const FOREIGN = process.arch === 'arm64' ? 'x86-64' : 'arm64'

describe('engines by name', () => {
  it('bear the name that they are asked for by', () => {
    const names = ENGINE_NAMES.filter((name) => name !== 'auto')
    expect(names).toContain('interpreter')
    expect(names).toContain('wasm')
    const runnable = names.filter((name) => describeEngine(name).obstacle === undefined)
    expect(runnable.map((name) => engineByName(name).name)).toEqual(runnable)
  })

  it('auto is the one that it is described as, and never the interpreter', () => {
    const { name } = describeEngine('auto')
    expect(engineByName('auto').name).toBe(name)
    expect(name).not.toBe('interpreter')
  })

  it('machine code of this host is what auto takes, or it says why not', () => {
    const own = describeEngine(process.arch === 'arm64' ? 'arm64' : 'x86-64')
    const auto = describeEngine('auto')
    if (own.obstacle === undefined) expect(auto.name).toBe(own.name)
    else expect(auto.why).toContain(own.obstacle)
  })

  it('of another CPU say so', () => {
    const { obstacle } = describeEngine(FOREIGN)
    if (obstacle === undefined) expect(engineByName(FOREIGN).name).toBe(FOREIGN)
    else expect(() => engineByName(FOREIGN)).toThrow(obstacle)
  })

  it('that nobody knows are an error with the names near to it', () => {
    expect(() => engineByName('wsam')).toThrow(TestbenchError)
    expect(() => describeEngine('wsam')).toThrow(expect.objectContaining({ hint: 'did you mean wasm?' }))
  })
})

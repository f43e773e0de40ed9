import { INSTRUCTIONS } from '@bpfoundry/isa'
import { describe, expect, it } from 'vitest'
import { HANDLERS } from '../src/handlers.ts'

describe('handlers', () => {
  it('has one for every row of the instruction table', () => {
    expect(INSTRUCTIONS.filter((row) => typeof HANDLERS[row.name] !== 'function').map((row) => row.name)).toEqual([])
  })

  it('has none for what is no row', () => {
    const names = new Set<string>(INSTRUCTIONS.map((row) => row.name))
    expect(Object.keys(HANDLERS).filter((name) => !names.has(name))).toEqual([])
  })
})

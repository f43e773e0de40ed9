import { readdirSync, readFileSync } from 'node:fs'
import { release } from 'node:os'
import { BPF_EXIT_INSN, BPF_MOV64_IMM } from '@bpfoundry/isa'
import { PROG_TYPE, profileFor } from '@bpfoundry/kernel-abi'
import { CollectionKernel, kernelOracle } from '@bpfoundry/kernel-oracle'
import { Collection, type CollectionSpec, loadCollectionSpec } from '@bpfoundry/loader'
import { describe, expect, it } from 'vitest'
import { INITIAL_NAMESPACE, Kernel, programJson, programLines, programTag } from '../src/index.ts'

const FOLDER = new URL('../../../fixtures/programs/', import.meta.url)
/** Accepted ones, with maps of all kinds whose look-ups Linux inlines. */
const OBJECTS = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.v3.o') && !path.startsWith('refused/'))
  .sort()

const viewer = { namespace: INITIAL_NAMESPACE, deviceName: () => undefined }

/** Sizes of maps change nothing but how long they take to make. */
function specOf(path: string): CollectionSpec {
  const spec = loadCollectionSpec(new Uint8Array(readFileSync(new URL(path, FOLDER))), { name: path })
  for (const map of spec.maps.values()) map.maxEntries = Math.min(map.maxEntries, 1024)
  return spec
}

describe('what is told of programs', () => {
  const oracle = kernelOracle()

  it('is what the running kernel tells: tags, and sizes after fix-ups', (ctx) => {
    if ('unavailable' in oracle) return ctx.skip(oracle.unavailable)
    let compared = 0
    for (const path of OBJECTS) {
      const lives = new CollectionKernel(oracle)
      const theirs = Collection.create(specOf(path), { kernel: lives })
      const kernel = Kernel.create({ profile: profileFor(release()), hollowMaps: true })
      const ours = Collection.create(specOf(path), { kernel })
      for (const [name, program] of ours.programs) {
        const { tag, xlatedBytes } = kernel.programInfo(program)
        const told = oracle.programInfo(theirs.programs.get(name)?.fd ?? -1)
        expect([path, name, tag, xlatedBytes]).toEqual([path, name, told.tag, told.xlatedBytes])
        compared++
      }
      theirs.close()
      lives.close()
    }
    expect(compared).toBeGreaterThan(100)
  })

  // As 6.18.44 told of these with bpftool 7.5.0, 6.12 by its rules: fewer calls were inlined before 6.10.
  it.for([
    ['blacklist/blacklist.v3.o', 'filter', '6.18', 'acdb3383d92b809c', 200],
    ['drop/drop.v3.o', 'drop', '6.18', 'b30cf65b7e0fa9c7', 16],
    ['drop/drop.v3.o', 'drop', '6.12', '9bf8e2a8bee581f5', 16],
    ['blacklist_percpu/blacklist_percpu.v3.o', 'filter', '6.18', 'cb57a2bdd446b1f4', 584],
    ['blacklist_percpu/blacklist_percpu.v3.o', 'filter', '6.6', '785ec4d9c08f7e20', 456],
  ] as const)('%s: %s on %s has tag %s and %d bytes', ([path, name, profile, tag, bytes]) => {
    const kernel = Kernel.create({ profile })
    const program = Collection.create(specOf(path), { kernel }).programs.get(name)
    if (program === undefined) throw new Error(`no program ${name}`)
    expect(kernel.programInfo(program)).toMatchObject({ tag, xlatedBytes: bytes, memlockBytes: 4096 })
  })
})

it('tags are of another hash since 6.18, and the same for whatever fd', () => {
  const insns = [BPF_MOV64_IMM(0, 2), BPF_EXIT_INSN()]
  expect(programTag(insns, '6.17')).toBe(programTag(insns))
  expect(programTag(insns, '6.18')).not.toBe(programTag(insns))
})

it('prints programs as bpftool does', () => {
  const kernel = Kernel.create()
  const xdp = { name: 'leaf', type: PROG_TYPE.XDP, expectedAttachType: 0, license: 'GPL', flags: 0 }
  const program = kernel.loadProgram({ ...xdp, insns: [BPF_MOV64_IMM(0, 2), BPF_EXIT_INSN()] })
  const loaded = { atSeconds: 1_795_233_434, uid: 0 }
  const info = { ...kernel.programInfo(program), tag: 'b09797b258c291d2', id: 2060, jitedBytes: 23, btfId: 90, loaded }
  const [head, when, ...rest] = programLines(info, viewer)
  expect([head, ...rest]).toEqual([
    '2060: xdp  name leaf  tag b09797b258c291d2  gpl',
    '\txlated 16B  jited 23B  memlock 4096B',
    '\tbtf_id 90',
  ])
  expect(when).toMatch(/^\tloaded_at 2026-11-2\dT\d\d:\d\d:14[+-]\d{4} {2}uid 0$/)
  expect(new Date(when?.split('loaded_at ')[1]?.split(' ')[0] ?? '').getTime()).toBe(1_795_233_434_000)
  expect(JSON.stringify(programJson(info, viewer))).toBe(
    '{"id":2060,"type":"xdp","name":"leaf","tag":"b09797b258c291d2","gpl_compatible":true,"loaded_at":1795233434,"uid":0,"orphaned":false,"bytes_xlated":16,"jited":true,"bytes_jited":23,"bytes_memlock":4096,"btf_id":90}',
  )
})

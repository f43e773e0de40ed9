import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LazyBtf } from '@bpfoundry/btf'
import { isDiagnostic } from '@bpfoundry/diagnostics'
import { readElf } from '@bpfoundry/elf'
import { formatLlvmInsn, type Insn } from '@bpfoundry/isa'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type CollectionSpec, loadCollectionSpec } from '../src/index.ts'
import { buildHost, compile, hasProgram, withFolder } from './compile.ts'

/** First instruction of each function of programs/core.bpf.c; worked out by hand from the types of core-kernel.bpf.c. */
// biome-ignore format: table
const RELOCATED: readonly (readonly [program: string, insn: string])[] = [
  ['offset',             'r0 = 0x28'],
  ['offset_within',      'r0 = 0x14'],
  ['size',               'r0 = 0x4'],
  ['exists',             'r0 = 0x1'],
  ['exists_absent',      'r0 = 0x0'],
  // A number there, a struct here.
  ['exists_retyped',     'r0 = 0x0'],
  ['exists_flavour',     'r0 = 0x0'],
  ['is_signed',          'r0 = 0x1'],
  // 7 bits from bit 96 of the struct on, which is the first of a word of 32.
  ['left_shift',         'r0 = 0x39'],
  ['right_shift',        'r0 = 0x39'],
  ['missing_offset',     'call 0xbad2310'],
  ['missing_struct',     'call 0xbad2310'],
  ['type_exists',        'r0 = 0x1'],
  ['type_missing',       'r0 = 0x0'],
  ['type_size',          'r0 = 0x50'],
  ['typedef_exists',     'r0 = 0x1'],
  ['type_matches',       'r0 = 0x1'],
  ['type_differs',       'r0 = 0x0'],
  ['enumerator',         'r0 = 0x11170 ll'],
  ['enumerator_flavour', 'r0 = 0x5 ll'],
  ['enumerator_exists',  'r0 = 0x1 ll'],
  ['enumerator_missing', 'r0 = 0x0 ll'],
  ['load',               'r0 = *(u32 *)(r1 + 0x8)'],
  ['load_wider',         'r0 = *(u32 *)(r1 + 0x18)'],
  // Of a signed number, a load of other width would be another number.
  ['load_signed',        'call 0xbad2310'],
]

class ConfiguredKernel extends LazyBtf {
  configuration(): ReadonlyMap<string, string> {
    return new Map([
      ['LINUX_KERNEL_VERSION', `${0x061200}`],
      ['CONFIG_HZ', '250'],
      ['CONFIG_IPV6', 'y'],
      ['CONFIG_MODULE', 'm'],
      ['CONFIG_LETTER', 'y'],
      ['CONFIG_TEXT', '"none"'],
    ])
  }

  symbolAddress(name: string): bigint | undefined {
    return name === 'jiffies_64' ? 0xffffffff82345678n : undefined
  }
}

interface Relocated {
  readonly spec: CollectionSpec
  readonly objectPath: string
  readonly types: Uint8Array
  readonly object: Uint8Array
}

function relocate(folder: string): Relocated {
  const kernel = readElf(compile(folder, 'core-kernel').bytes)
  const section = kernel.section('.BTF')
  if (section === undefined) throw new Error('clang made no BTF')
  const types = kernel.data(section)
  const { path: objectPath, bytes } = compile(folder, 'core')
  return { spec: loadCollectionSpec(bytes, { kernelTypes: new LazyBtf(types) }), objectPath, types, object: bytes }
}

function insnsOf(spec: CollectionSpec, name: string): readonly Insn[] {
  const program = spec.programs.get(name)
  if (program === undefined) throw new Error(`no program ${name}`)
  return program.insns
}

describe.skipIf(!hasProgram('clang-19'))("CO-RE relocations by a kernel's types", () => {
  test('give each instruction what the types say', () => {
    withFolder((folder) => {
      const { spec } = relocate(folder)
      const found = RELOCATED.map(([name]) => {
        const insns = insnsOf(spec, name)
        return [name, formatLlvmInsn(insns[0] as Insn, insns[1], { pc: 0 })]
      })
      expect(found).toEqual(RELOCATED)
    })
  })

  test('are refused where types of one name differ in what is asked', () => {
    withFolder((folder) => {
      const { unsupported } = relocate(folder).spec.programs.get('ambiguous') ?? {}
      expect(unsupported).toMatchObject({ code: 'LOADER_RELOCATION', where: { program: 'ambiguous', pc: 24 } })
      expect(unsupported?.message).toContain('types named twice that differ')
    })
  })

  test('go with what the kernel was built with, in a map of constants', () => {
    withFolder((folder) => {
      const { types } = relocate(folder)
      const { bytes } = compile(folder, 'externs')
      const spec = loadCollectionSpec(bytes, { kernelTypes: new ConfiguredKernel(types) })
      const { mapRelocations = [], unsupported } = spec.programs.get('configured') ?? {}
      expect(unsupported).toBeUndefined()
      expect(new Set(mapRelocations.map(({ map }) => map))).toEqual(new Set(['.kconfig']))
      const { contents, freeze, valueSizeBytes } = spec.maps.get('.kconfig') ?? {}
      const value = contents?.[0]?.value as Uint8Array
      expect([freeze, valueSizeBytes]).toEqual([true, value.length])
      // Numbers of four bytes by name, then what is one byte, then the text.
      expect([...new Uint32Array(value.slice(0, 20).buffer)]).toEqual([0, 250, 0, 1, 0x061200])
      expect(Buffer.from(value.slice(20)).toString('latin1')).toBe('\x01ynone\0\0\0\0')
      expect(spec.programs.get('lacks_setting')?.unsupported).toMatchObject({ code: 'LOADER_KERNEL_SYMBOL' })
    })
  })

  test('and with its symbols: of weak ones that are missing nothing is asked', () => {
    withFolder((folder) => {
      const { types } = relocate(folder)
      const { bytes } = compile(folder, 'externs')
      const spec = loadCollectionSpec(bytes, { kernelTypes: new ConfiguredKernel(types) })
      const first = (name: string): string => {
        const insns = insnsOf(spec, name)
        return formatLlvmInsn(insns[0] as Insn, insns[1], { pc: 0 })
      }
      expect(first('symbol')).toBe('r0 = -0x7dcba988 ll')
      expect(first('weak_symbol')).toBe('r0 = 0x0 ll')
      expect(first('weak_function')).toBe(`call 0x${(2_002_000_000).toString(16)}`)
      expect(spec.programs.get('lacks_function')?.unsupported).toMatchObject({
        code: 'LOADER_KERNEL_SYMBOL',
        message: "program 'lacks_function': the kernel has no function 'gone'",
      })
    })
  })

  test('of damaged objects and damaged types are made, or are errors of the packages that read them', () => {
    withFolder((folder) => {
      const { types, object } = relocate(folder)
      const change = fc.tuple(fc.nat(), fc.nat(255))
      const changes = fc.array(change, { minLength: 1, maxLength: 4 })
      fc.assert(
        fc.property(fc.boolean(), changes, (isObject, list) => {
          const bytes = (isObject ? object : types).slice()
          for (const [offset, value] of list) bytes[offset % bytes.length] = value
          try {
            const kernelTypes = new LazyBtf(isObject ? types : bytes)
            loadCollectionSpec(isObject ? bytes : object, { kernelTypes })
          } catch (error) {
            if (!isDiagnostic(error)) throw error
          }
        }),
        { numRuns: process.env['CI'] === undefined ? 250 : 1000 },
      )
    })
  })

  test("are libbpf's", (ctx) => {
    withFolder((folder) => {
      const host = buildHost(folder, 'relocate')
      if ('reason' in host) return ctx.skip(host.reason)
      if (process.getuid?.() !== 0) return ctx.skip('loading programs needs root')
      const { spec, objectPath, types } = relocate(folder)
      const typesPath = join(folder, 'kernel.btf')
      writeFileSync(typesPath, types)
      for (const [name] of RELOCATED) {
        const { stdout } = spawnSync(host.path, [objectPath, typesPath, name], { encoding: 'utf8' })
        const ours = insnsOf(spec, name).map(
          ({ opcode, dst, src, off, imm }) => `${opcode} ${dst} ${src} ${off} ${imm}`,
        )
        expect(`${name}: ${stdout.trimEnd()}`).toBe(`${name}: ${ours.join('\n')}`)
      }
    })
  })
})

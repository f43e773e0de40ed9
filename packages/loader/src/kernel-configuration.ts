import { BTF_INT_ENCODING, BTF_KIND, type Btf, type BtfType } from '@bpfoundry/btf'
import { MAP_FLAG, MAP_TYPE } from '@bpfoundry/kernel-abi'
import type { MapSpec } from './collection-spec.ts'
import type { KernelTypes } from './core/type-space.ts'
import { LoaderError } from './loader-error.ts'
import type { ExternTarget } from './relocation-target.ts'

/** The map that holds them, and the section that they are declared in. */
export const CONFIGURATION_MAP = '.kconfig'

/** A variable of `.kconfig`: where it lies in the map. */
interface ConfigurationVariable {
  readonly name: string
  readonly typeId: number
  readonly sizeBytes: number
  readonly alignBytes: number
}

/** What a kernel was built with, as far as an object asks: variables declared `__kconfig`, in a map of their own. */
export class KernelConfiguration {
  readonly #btf: Btf
  readonly #values: ReadonlyMap<string, string> | undefined
  readonly #offsets = new Map<string, number>()
  readonly #variables: readonly ConfigurationVariable[]
  #sizeBytes = 0

  constructor(btf: Btf, kernel: KernelTypes) {
    this.#btf = btf
    this.#variables = configurationVariables(btf)
    this.#values = this.#variables.length === 0 ? undefined : kernel.configuration?.()
    for (const { name, alignBytes, sizeBytes } of this.#variables) {
      const offset = Math.ceil(this.#sizeBytes / alignBytes) * alignBytes
      this.#offsets.set(name, offset)
      this.#sizeBytes = offset + sizeBytes
    }
  }

  has(name: string): boolean {
    return this.#offsets.has(name)
  }

  /**
   * Where a variable lies in the map.
   *
   * @throws LoaderError LOADER_KERNEL_SYMBOL for one that is not set and not weak, LOADER_UNSUPPORTED where it is not known
   *   what the kernel was built with
   */
  offsetOf({ name, weak }: ExternTarget): number {
    if (this.#values === undefined) {
      const message = `kernel configuration '${name}' is not supported: it is not known`
      const hint = 'it is known of the running kernel alone, where /proc/config.gz or /boot/config-* is there'
      throw new LoaderError({ code: 'LOADER_UNSUPPORTED', message, got: name, hint })
    }
    if (!weak && !this.#values.has(name)) {
      throw new LoaderError({
        code: 'LOADER_KERNEL_SYMBOL',
        message: `the kernel is built without '${name}'`,
        got: name,
      })
    }
    return this.#offsets.get(name) ?? 0
  }

  /** Read-only and frozen: its values are known constants. Undefined where the object asks for nothing. */
  map(): MapSpec | undefined {
    if (this.#values === undefined) return undefined
    const value = new Uint8Array(this.#sizeBytes)
    for (const variable of this.#variables) {
      const text = this.#values.get(variable.name)
      const at = this.#offsets.get(variable.name) ?? 0
      if (text !== undefined) value.set(encoded(this.#btf, variable, text), at)
    }
    return {
      name: CONFIGURATION_MAP,
      type: MAP_TYPE.ARRAY,
      keySizeBytes: 4,
      valueSizeBytes: this.#sizeBytes,
      maxEntries: 1,
      flags: MAP_FLAG.RDONLY_PROG,
      pinByName: false,
      contents: [{ key: new Uint8Array(4), value }],
      freeze: true,
      btfKeyTypeId: 0,
      btfValueTypeId: 0,
      section: CONFIGURATION_MAP,
    }
  }
}

/** In libbpf's order: by alignment, the largest first, then by size, the smallest first, then by name. */
function configurationVariables(btf: Btf): readonly ConfigurationVariable[] {
  const entries = btf.find(CONFIGURATION_MAP, BTF_KIND.DATASEC)?.entries ?? []
  const variables = entries.flatMap(({ typeId }) => {
    const variable = btf.type(typeId)
    if (variable.kind !== BTF_KIND.VAR) return []
    const sizeBytes = btf.sizeOf(variable.typeId) ?? 0
    const alignBytes = alignmentOf(btf, btf.resolve(variable.typeId))
    return sizeBytes === 0 ? [] : [{ name: variable.name, typeId: variable.typeId, sizeBytes, alignBytes }]
  })
  return variables.sort(
    (a, b) =>
      b.alignBytes - a.alignBytes || a.sizeBytes - b.sizeBytes || Number(a.name > b.name) - Number(a.name < b.name),
  )
}

/** Numbers are aligned to their size; of an array its element counts. */
function alignmentOf(btf: Btf, type: BtfType): number {
  const of = type.kind === BTF_KIND.ARRAY ? btf.resolve(type.elementTypeId) : type
  return Math.min(8, Math.max(1, 'sizeBytes' in of ? of.sizeBytes : 8))
}

/** `n`, `m` and `y` of a configuration as the numbers of `enum libbpf_tristate`. */
const TRISTATE: ReadonlyMap<string, number> = new Map([
  ['n', 0],
  ['m', 1],
  ['y', 2],
])

/** A value as the variable's type has it. @throws LoaderError LOADER_KERNEL_SYMBOL where it is none of that type */
function encoded(btf: Btf, { name, typeId, sizeBytes }: ConfigurationVariable, text: string): Uint8Array {
  const bytes = new Uint8Array(sizeBytes)
  const type = btf.resolve(typeId)
  if (text.startsWith('"')) {
    if (type.kind !== BTF_KIND.ARRAY) throw otherType(name, text)
    bytes.set(new TextEncoder().encode(text.slice(1, -1)).subarray(0, sizeBytes - 1))
    return bytes
  }
  const number = TRISTATE.has(text) ? triState(type, text) : wholeNumber(type, text)
  if (number === undefined) throw otherType(name, text)
  const word = new Uint8Array(8)
  new DataView(word.buffer).setBigUint64(0, BigInt.asUintN(64, number), true)
  bytes.set(word.subarray(0, sizeBytes))
  return bytes
}

/** What a variable that is set to y, m or n holds. */
function triState(type: BtfType, text: string): bigint | undefined {
  if (type.kind === BTF_KIND.ENUM || type.kind === BTF_KIND.ENUM64) return BigInt(TRISTATE.get(text) ?? 0)
  if (type.kind !== BTF_KIND.INT || type.sizeBytes !== 1) return undefined
  if ((type.encoding & BTF_INT_ENCODING.BOOL) === 0) return BigInt(text.charCodeAt(0))
  return text === 'm' ? undefined : BigInt(Number(text === 'y'))
}

function wholeNumber(type: BtfType, text: string): bigint | undefined {
  return type.kind === BTF_KIND.INT && /^-?(0x[0-9a-f]+|\d+)$/i.test(text)
    ? text.startsWith('-')
      ? -BigInt(text.slice(1))
      : BigInt(text)
    : undefined
}

function otherType(name: string, got: string): LoaderError {
  return new LoaderError({ code: 'LOADER_KERNEL_SYMBOL', message: `'${name}' of the kernel is of another type`, got })
}

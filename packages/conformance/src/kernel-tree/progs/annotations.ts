import { PROG_FLAG } from '@bpfoundry/kernel-abi'
import { ConformanceError } from '../../conformance-error.ts'
import { ANNOTATIONS, type AnnotationField, type AnnotationRow, type TestMode } from './annotation-table.ts'
import { readInteger, readRetval } from './annotation-value.ts'

/** What is expected of a program in one mode. Patterns hold text and, in `{{` `}}`, POSIX extended expressions. */
export interface ModeExpectation {
  readonly loads: boolean
  /** In the log, in this order. */
  readonly messages: readonly string[]
  /** Nowhere in the log. */
  readonly lacks: readonly string[]
  /** Line after line of the disassembly, `...` for any lines between. */
  readonly xlated: readonly string[]
  readonly jited: readonly string[]
  /** It is run. `any`: whatever it returns is right. */
  readonly retval?: number | 'any'
  /** What it prints on streams of its own. */
  readonly output: readonly string[]
}

/** What a function's annotations say. */
export interface AnnotatedTest {
  /** The function's name without one. */
  readonly description: string
  /** Modes that it is tested in. None of an auxiliary program. */
  readonly expectations: Readonly<Partial<Record<TestMode, ModeExpectation>>>
  /** Modes in which it is loaded along with every other test of the file. */
  readonly auxiliary: readonly TestMode[]
  /** `log_level`; 0: only what a refusal says. */
  readonly logLevel: number
  /** BPF_F_* added to those of the section's name. */
  readonly flags: number
  /** X86_64, ARM64, RISCV64; empty: every one. */
  readonly architectures: readonly string[]
  /** Capabilities that the unprivileged mode keeps. */
  readonly capabilities: readonly string[]
  /** A file with BTF to use for the kernel's. */
  readonly btfPath?: string
  /** `jited`, `no_jited`: only where the kernel does so. */
  readonly loadMode?: string
  /** Bytes of the packet that are in its linear part. */
  readonly linearBytes?: number
}

/**
 * The flag that every test is loaded with. The kernel's runner asks for BPF_F_TEST_RND_HI32, too, where it can be had; but
 * the lines that `__xlated` expects of 32-bit operations (verifier_sdiv.c) hold only without.
 */
const DEFAULT_FLAGS: number = PROG_FLAG.TEST_REG_INVARIANTS

/** By their names in C. */
const FLAGS: ReadonlyMap<string, number> = new Map(
  Object.entries(PROG_FLAG).map(([name, flag]) => [`BPF_F_${name}`, flag]),
)

const PREFIX = 'comment:'

/**
 * Reads a function's btf_decl_tag strings as the kernel's own test runner does: what is not said of the unprivileged mode
 * is as in the full one, and without any mode it is the full one, in which the program loads.
 *
 * @param architecture the one that `__jited` lines are kept of
 * @throws ConformanceError CONFORMANCE_SOURCE for an annotation that is unknown, or has a value that is none; without place
 * @see parse_test_spec() of tools/testing/selftests/bpf/test_loader.c (6.12)
 */
export function readAnnotations(name: string, tags: readonly string[], architecture: string): AnnotatedTest {
  const draft = new Draft(name, architecture)
  for (const tag of tags) if (tag.startsWith(PREFIX)) draft.add(tag.slice(PREFIX.length))
  return draft.result()
}

/** What is said of a mode itself, before one inherits from the other. */
interface ModeDraft {
  loads?: boolean
  retval?: number | 'any'
  auxiliary: boolean
  named: boolean
  readonly messages: string[]
  readonly lacks: string[]
  readonly xlated: string[]
  readonly jited: string[]
  readonly output: string[]
}

const newMode = (): ModeDraft => ({
  auxiliary: false,
  named: false,
  ...{ messages: [], lacks: [], xlated: [], jited: [], output: [] },
})

class Draft {
  readonly #architecture: string
  readonly #modes: Readonly<Record<TestMode, ModeDraft>> = { full: newMode(), unprivileged: newMode() }
  readonly #architectures: string[] = []
  readonly #capabilities: string[] = []
  readonly #optional: { btfPath?: string; loadMode?: string; linearBytes?: number } = {}
  #description: string
  #logLevel = 0
  #flags = DEFAULT_FLAGS

  constructor(name: string, architecture: string) {
    this.#description = name
    this.#architecture = architecture
  }

  add(tag: string): void {
    const [key = ''] = tag.split('=', 1)
    const row = ANNOTATIONS.get(key)
    const value = tag.slice(key.length + 1)
    if (row === undefined) throw unknown(tag)
    const text = row.value === 'numbered' ? value.replace(/^\d+=/, '') : value
    if (row.mode === 'both') this.#addToBoth(row, text)
    else this.#addToMode(row, this.#modes[row.mode], text)
  }

  #addToMode(row: AnnotationRow, mode: ModeDraft, text: string): void {
    if (row.field === 'jited') {
      if (this.#architectures.length === 0) throw misplaced(row)
      if (this.#architectures.at(-1) !== this.#architecture) return
    }
    MODE_FIELDS[row.field]?.(mode, text)
    if (row.field === 'capabilities') this.#capabilities.push(...text.split('|').map((name) => name.trim()))
    else mode.named = true
  }

  #addToBoth({ field }: AnnotationRow, text: string): void {
    if (field === 'logLevel') this.#logLevel = readInteger(text, '__log_level')
    else if (field === 'flag') this.#setFlag(text)
    else if (field === 'description') this.#description = text
    else if (field === 'architecture') this.#architectures.push(text)
    else if (field === 'linearBytes') this.#optional.linearBytes = readInteger(text, '__linear_size')
    else if (field === 'btfPath' || field === 'loadMode') this.#optional[field] = text
  }

  #setFlag(text: string): void {
    const clears = text.startsWith('!')
    const name = clears ? text.slice(1) : text
    const flag = FLAGS.get(name) ?? readInteger(name, '__flag')
    this.#flags = clears ? this.#flags & ~flag : this.#flags | flag
  }

  result(): AnnotatedTest {
    const { full, unprivileged } = this.#modes
    const isAuxiliary = full.auxiliary || unprivileged.auxiliary
    const modes: TestMode[] = unprivileged.named ? (full.named ? ['full', 'unprivileged'] : ['unprivileged']) : ['full']
    return {
      description: this.#description,
      expectations: isAuxiliary ? {} : Object.fromEntries(modes.map((mode) => [mode, expectation(this.#modes, mode)])),
      auxiliary: isAuxiliary ? modes : [],
      logLevel: this.#logLevel,
      flags: this.#flags,
      architectures: this.#architectures,
      capabilities: this.#capabilities,
      ...this.#optional,
    }
  }
}

type ModeField = (mode: ModeDraft, text: string) => unknown

const MODE_FIELDS: Readonly<Partial<Record<AnnotationField, ModeField>>> = {
  loads: (mode) => {
    mode.loads = true
  },
  refused: (mode) => {
    mode.loads = false
  },
  retval: (mode, text) => {
    mode.retval = readRetval(text)
  },
  auxiliary: (mode) => {
    mode.auxiliary = true
  },
  messages: (mode, text) => mode.messages.push(text),
  expressions: (mode, text) => mode.messages.push(`{{${text}}}`),
  lacks: (mode, text) => mode.lacks.push(text),
  xlated: (mode, text) => mode.xlated.push(text),
  jited: (mode, text) => mode.jited.push(text),
  output: (mode, text) => mode.output.push(text),
}

/** The unprivileged mode inherits: verdict, return value, and lists as a whole where it has none. */
function expectation({ full, unprivileged }: Record<TestMode, ModeDraft>, mode: TestMode): ModeExpectation {
  const own = mode === 'full' ? full : unprivileged
  const list = (name: 'xlated' | 'jited' | 'output'): readonly string[] => (own[name].length > 0 ? own : full)[name]
  const says = own.messages.length + own.lacks.length > 0 ? own : full
  const retval = own.retval ?? full.retval
  return {
    loads: own.loads ?? full.loads ?? true,
    messages: says.messages,
    lacks: says.lacks,
    xlated: list('xlated'),
    jited: list('jited'),
    output: list('output'),
    ...(retval === undefined ? {} : { retval }),
  }
}

function unknown(tag: string): ConformanceError {
  const known = [...ANNOTATIONS.values()].map(({ macro }) => macro).join(', ')
  return new ConformanceError({
    code: 'CONFORMANCE_SOURCE',
    message: 'an annotation that is not known',
    got: `${PREFIX}${tag}`.slice(0, 120),
    expected: `one of ${known}`,
  })
}

function misplaced({ macro }: AnnotationRow): ConformanceError {
  return new ConformanceError({
    code: 'CONFORMANCE_SOURCE',
    message: `${macro} without an architecture before it`,
    expected: '__arch_x86_64, __arch_arm64 or __arch_riscv64',
  })
}

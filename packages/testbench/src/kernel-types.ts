import { LazyBtf } from '@bpfoundry/btf'
import { isDiagnostic } from '@bpfoundry/diagnostics'
import { readInput } from './file-access.ts'
import { TestbenchError } from './testbench-error.ts'

/** Where a kernel shows its own types. */
export const RUNNING_KERNEL_TYPES = '/sys/kernel/btf/vmlinux'

/** A kernel's types, for `readSpec` and `Kernel.create`: from a file, and asked for or not. */
export class KernelTypesFile extends LazyBtf {
  readonly path: string
  #isUsed = false

  constructor(path: string, bytes: Uint8Array) {
    super(bytes)
    this.path = path
  }

  /** Some type was looked for: the outcome depends on which kernel it was. */
  get isUsed(): boolean {
    return this.#isUsed
  }

  override find(name: string, kind: number): number | undefined {
    this.#isUsed = true
    return super.find(name, kind)
  }

  override findAll(name: string, kind: number): readonly number[] {
    this.#isUsed = true
    return super.findAll(name, kind)
  }
}

/**
 * Reads a kernel's types: BTF as /sys/kernel/btf/vmlinux gives it, gzipped or not.
 *
 * @throws TestbenchError TESTBENCH_NO_SUCH_FILE, TESTBENCH_UNREADABLE, TESTBENCH_KERNEL_TYPES for a file that holds no BTF
 * @throws BtfError for BTF that is damaged
 */
export function readKernelTypes(path: string): KernelTypesFile {
  return readTypes(path, (bytes) => new KernelTypesFile(path, bytes))
}

/** The same, as what `make` makes of the file's bytes. @throws as readKernelTypes */
export function readTypes<Types extends KernelTypesFile>(path: string, make: (bytes: Uint8Array) => Types): Types {
  const bytes = readInput(path)
  if (!startsWithMagic(bytes)) throw noTypes(path, bytes)
  try {
    const types = make(bytes)
    types.expectWhole()
    return types
  } catch (error) {
    throw isDiagnostic(error) ? error.at({ input: path }) : error
  }
}

const BTF_MAGIC = 0xeb9f
const ELF_MAGIC = 0x7f454c46

function startsWithMagic(bytes: Uint8Array): boolean {
  const first = ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0)
  return first === BTF_MAGIC || first === (((BTF_MAGIC & 0xff) << 8) | (BTF_MAGIC >>> 8))
}

function noTypes(path: string, bytes: Uint8Array): TestbenchError {
  const start = bytes.length < 4 ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
  const isElf = start === ELF_MAGIC
  return new TestbenchError({
    code: 'TESTBENCH_KERNEL_TYPES',
    message: `${path} does not hold a kernel's types`,
    where: { input: path },
    got: isElf ? 'an ELF file' : bytes.length === 0 ? 'an empty file' : `0x${start.toString(16)} at its start`,
    expected: 'BTF, as in /sys/kernel/btf/vmlinux',
    hint: isElf
      ? `take the section out of it: llvm-objcopy --dump-section .BTF=FILE ${path}`
      : `copy ${RUNNING_KERNEL_TYPES} from a machine that runs the kernel`,
  })
}

import {
  CLASSIC_HELPERS,
  type ClassicHelper,
  type ClassicHost,
  GUEST_CONTEXT,
  guestBufferBytes,
  readGuestBuffer,
  type SocketBuffer,
  toEbpf,
  writeGuestBuffer,
} from '@bpfoundry/cbpf'
import {
  allocateCpu,
  type CompiledProgram,
  type Cpu,
  type Engine,
  type HelperFunction,
  type HelperTable,
  type ProgramImage,
  returnErrno,
  returnU32,
} from '@bpfoundry/engine'
import { GuestMemory } from '@bpfoundry/guest-memory'
import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import { CLASSIC_HOST, type ClassicRunner } from './classic-runner.ts'

/** The largest packet, with its metadata. */
const BUFFER_BYTES = 2 ** 18
const MEMORY_BYTES = 2 ** 24

/**
 * Classic programs, translated to eBPF, on an engine. No verifier sees them: the checker and the translation make sure
 * that they stay within their packet, so that machine code runs in this process.
 */
export function createTranslatedRunner(engine: Engine, host: ClassicHost = CLASSIC_HOST): ClassicRunner {
  const memory = GuestMemory.create({ maximumBytes: MEMORY_BYTES })
  const cpu = allocateCpu(memory, 0)
  const { address } = memory.allocate('socket buffer', 'scratch', BUFFER_BYTES)
  const thread = engine.open({ memory, helpers: helperTable(host), tailCallTarget: () => undefined })
  let nextId = 1
  return {
    engine: engine.name,
    load: (insns) => {
      const { insns: translated, stackBytes } = toEbpf(insns, GUEST_CONTEXT)
      const image = imageOf({ insns: translated, stackBytes, id: nextId++ })
      const translation = engine.translate(image)
      const program = thread.install(translation)
      return {
        run: (buffer) => runOn(program, cpu, address, buffer),
        release: () => {
          thread.remove(image.id)
          engine.release?.(translation)
        },
      }
    },
    close: () => thread.close?.(),
  }
}

function imageOf({ insns, stackBytes, id }: Pick<ProgramImage, 'insns' | 'id'> & { stackBytes: number }): ProgramImage {
  return {
    id,
    name: 'classic',
    tag: '0000000000000000',
    type: PROG_TYPE.SOCKET_FILTER,
    expectedAttachType: 0,
    insns,
    subprograms: [{ name: 'classic', start: 0, end: insns.length, stackDepthBytes: stackBytes }],
    mapReferences: [],
    lines: [],
    gplCompatible: true,
  }
}

function runOn(program: CompiledProgram, cpu: Cpu, address: number, buffer: SocketBuffer): number {
  const bytes = guestBufferBytes(buffer)
  if (bytes > BUFFER_BYTES) throw new RangeError(`a packet of ${bytes} bytes with its metadata`)
  writeGuestBuffer(cpu.memory.u8, address, buffer)
  return program.run(cpu, address)
}

function helperTable(host: ClassicHost): HelperTable {
  const table: (HelperFunction | undefined)[] = []
  for (const [id, helper] of CLASSIC_HELPERS) table[id] = helperFunction(helper, host)
  return table
}

/** Arguments are r1 to r4 in guest memory's CPU block; a negative result is an errno. */
function helperFunction(helper: ClassicHelper, host: ClassicHost): HelperFunction {
  return (cpu) => {
    const argument = (n: number): number => (cpu.regs[2 * n] as number) >>> 0
    const buffer = readGuestBuffer(cpu.memory.u8, argument(1))
    const value = helper({ buffer, host, r2: argument(2), r3: argument(3), r4: argument(4) })
    if (value < 0) returnErrno(cpu, value)
    else returnU32(cpu, value)
  }
}

import { type ClassicInsn, ClassicMachine, disassembleClassic, SK_BUFF_CONTEXT, toEbpf } from '@bpfoundry/cbpf'
import { PROG_TYPE } from '@bpfoundry/kernel-abi'
import { type KernelOracle, kernelOracle } from '@bpfoundry/kernel-oracle'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkedPrograms } from '../../../cbpf/test/arbitrary-insns.ts'
import { nextOf, randomFrames } from './random-buffers.ts'
import { testRunBuffer } from './test-run-buffer.ts'

const FULL = process.env['PROGRAMS']
const PROGRAMS = Number(FULL ?? 60)
const PACKETS = 5
const SEED = Number(process.env['SEED'] ?? 4)

const asked = kernelOracle()

/** What a test run's socket buffer has besides its packet, and the machine can know. */
const NAMES = ['protocol', 'pkttype', 'ifindex', 'mark', 'queue', 'rxhash', 'alu_xor_x'] as const
const TAGS = ['vlan_tag', 'vlan_tag_present', 'vlan_tpid'] as const

interface Question {
  readonly type: 'socket filter' | 'classifier'
  readonly program: readonly ClassicInsn[]
}

/** Where the running kernel says something else about a program. */
function difference(kernel: KernelOracle, { type, program }: Question, frames: Generator<Uint8Array>): unknown {
  const { insns } = toEbpf(program, SK_BUFF_CONTEXT)
  const loaded = kernel.loadProgram({
    type: type === 'classifier' ? PROG_TYPE.SCHED_CLS : PROG_TYPE.SOCKET_FILTER,
    insns,
    license: 'GPL',
  })
  if (!loaded.ok) return { type, program: disassembleClassic(program), log: loaded.log }
  const machine = new ClassicMachine(program)
  for (let count = 0; count < PACKETS; count++) {
    const frame = nextOf(frames)
    const { errno, retval } = kernel.testRun(loaded.fd, { dataIn: frame, repeat: 1, flags: 0 })
    const { result } = machine.run(testRunBuffer(frame, type))
    if (errno !== 0 || retval !== result) {
      return {
        type,
        program: disassembleClassic(program),
        frame: Buffer.from(frame).toString('hex'),
        errno,
        retval,
        result,
      }
    }
  }
  kernel.close(loaded.fd)
  return undefined
}

test('the running kernel returns what the machine returns, for programs translated for it', { timeout: 3_600_000 }, ({
  skip,
}) => {
  if ('unavailable' in asked) return skip(`${PROGRAMS} programs on ${PACKETS} packets: ${asked.unavailable}`)
  const frames = randomFrames(SEED)
  const programs = fc.sample(checkedPrograms(40, [...NAMES, ...TAGS]), { seed: SEED, numRuns: PROGRAMS })
  for (const [index, program] of programs.entries()) {
    const type = index % 2 === 0 ? 'socket filter' : 'classifier'
    expect(difference(asked, { type, program }, frames)).toBeUndefined()
  }
  expect(asked.openDescriptors).toBe(0)
})

import assert from 'node:assert/strict'
import { allocateCpu, compileProgram } from '@bpfoundry/engine'
import { GuestMemory } from '@bpfoundry/guest-memory'
import { BPF_ADD, BPF_ALU64_IMM, BPF_EXIT_INSN, BPF_MOV64_IMM } from '@bpfoundry/isa'
import { translateX86 } from '@bpfoundry/jit-x86_64'
import { createEngineOf } from '@bpfoundry/native-exec'

const insns = [BPF_MOV64_IMM(0, 40), BPF_ALU64_IMM(BPF_ADD, 0, 2), BPF_EXIT_INSN()]
const image = { id: 1, name: 'demo', type: 6, insns, subprograms: [], mapReferences: [], lines: [] }
const options = { progArray: { maxEntriesOffsetBytes: 8, slotsOffsetBytes: 64 }, count: false }

const code = translateX86(image, options)
const body = code.bytes.subarray(code.insnOffsetsBytes[0], code.insnOffsetsBytes[2])
assert.equal(Buffer.from(body).toString('hex'), 'b828000000' + '4883c002') // mov eax, 40; add rax, 2

if (process.arch === 'x64' && process.platform !== 'win32') {
  const engine = createEngineOf({ name: 'x86-64', translate: translateX86 }, options)
  const memory = GuestMemory.create({ maximumBytes: 1 << 20 })
  const environment = { memory, helpers: [], tailCallTarget: () => undefined }
  assert.equal(compileProgram(engine, image, environment).run(allocateCpu(memory, 0), 0), 42)
}

import { workerData } from 'node:worker_threads'
import { attachCpu } from '@bpfoundry/engine'
import { GuestMemory } from '@bpfoundry/guest-memory'
import { BPF_NOEXIST, MAP_TYPE } from '@bpfoundry/kernel-abi'
import { type BpfMap, openMap } from '../src/index.ts'
import { InlinedMap } from './inline/inlined-map.ts'

export interface StressJob {
  readonly memory: WebAssembly.Memory
  readonly map: number
  /** Scratch of this worker: key at 0, value at 64; word 32 counts what must not happen, word 33 what was done. */
  readonly scratch: number
  readonly cpu: number
  readonly rounds: number
  /** Keys below are never deleted by anyone: every lookup must find them. */
  readonly permanent: number
  readonly keys: number
  readonly job: 'count' | 'churn'
  /** Guest address of this worker's CPU block, to do look-ups and updates by instructions; 0 to do them in JavaScript. */
  readonly cpuBlock: number
}

/** The operations that programs have. */
type ProgramSide = Pick<BpfMap, 'lookup' | 'update' | 'delete'>

const job = workerData as StressJob
const memory = GuestMemory.attach(job.memory)
const map = openMap(memory, job.map)
const key = job.scratch
const value = job.scratch + 64
const problems = (job.scratch + 128) >>> 2
const lpm = map.attributes.type === MAP_TYPE.LPM_TRIE

let state = 12_345 + job.cpu
function random(below: number): number {
  state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
  return (state >>> 8) % below
}

/** Key `n`: in a trie a prefix of 32 bits, in other maps the number itself in the first word. */
function setKey(n: number): void {
  const word = key >>> 2
  memory.u32[word] = lpm ? 32 : n
  memory.u32[word + 1] = lpm ? Math.imul(n, 0x9e3779b1) : 0
}

/** Adds one to the counter of key `n`, or inserts it with one. */
function countOne(target: ProgramSide, n: number): void {
  setKey(n)
  for (;;) {
    const found = target.lookup(key, job.cpu)
    if (found !== 0) {
      Atomics.add(memory.u32, found >>> 2, 1)
      return
    }
    memory.u32[value >>> 2] = 1
    if (target.update(key, value, BPF_NOEXIST, job.cpu) === 0) return
  }
}

/** Updates, deletes or looks up; every value says which key it belongs to. */
function churnOne(target: ProgramSide, n: number): void {
  setKey(n)
  const choice = random(4)
  if (choice === 0 && n >= job.permanent) target.delete(key, job.cpu)
  else if (choice === 1) {
    memory.u32[value >>> 2] = n
    memory.u32[(value >>> 2) + 1] = ~n
    const result = target.update(key, value, 0, job.cpu)
    if (result !== 0 && n < job.permanent) Atomics.add(memory.u32, problems, 1)
  } else if (target.lookup(key, job.cpu) === 0 && n < job.permanent) Atomics.add(memory.u32, problems, 1)
}

const one = job.job === 'count' ? countOne : churnOne
const target =
  job.cpuBlock === 0 ? map : new InlinedMap(memory, map, attachCpu(memory, job.cpuBlock), job.scratch + 192)
for (let round = 0; round < job.rounds; round++) one(target, random(job.keys))
memory.u32[problems + 1] = job.rounds

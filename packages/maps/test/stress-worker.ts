import { parentPort } from 'node:worker_threads'
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

/** One job in this worker. */
class Stress {
  readonly #job: StressJob
  readonly #memory: GuestMemory
  readonly #map: BpfMap
  readonly #key: number
  readonly #value: number
  /** Index of the word that counts what must not happen. */
  readonly #problems: number
  readonly #lpm: boolean
  #state: number

  constructor(job: StressJob) {
    this.#job = job
    this.#memory = GuestMemory.attach(job.memory)
    this.#map = openMap(this.#memory, job.map)
    this.#key = job.scratch
    this.#value = job.scratch + 64
    this.#problems = (job.scratch + 128) >>> 2
    this.#lpm = this.#map.attributes.type === MAP_TYPE.LPM_TRIE
    this.#state = 12_345 + job.cpu
  }

  run(): void {
    const { job, rounds, keys, cpuBlock, scratch } = this.#job
    const map = this.#map
    const target: ProgramSide =
      cpuBlock === 0 ? map : new InlinedMap(this.#memory, map, attachCpu(this.#memory, cpuBlock), scratch + 192)
    for (let round = 0; round < rounds; round++) {
      const n = this.#random(keys)
      this.#setKey(n)
      if (job === 'count') this.#countOne(target)
      else this.#churnOne(target, n)
    }
    this.#memory.u32[this.#problems + 1] = rounds
  }

  #random(below: number): number {
    this.#state = (Math.imul(this.#state, 1_103_515_245) + 12_345) >>> 0
    return (this.#state >>> 8) % below
  }

  /** Key `n`: in a trie a prefix of 32 bits, in other maps the number itself in the first word. */
  #setKey(n: number): void {
    const word = this.#key >>> 2
    this.#memory.u32[word] = this.#lpm ? 32 : n
    this.#memory.u32[word + 1] = this.#lpm ? Math.imul(n, 0x9e3779b1) : 0
  }

  /** Adds one to the key's counter, or inserts it with one. */
  #countOne(target: ProgramSide): void {
    const { u32 } = this.#memory
    const { cpu } = this.#job
    for (;;) {
      const found = target.lookup(this.#key, cpu)
      if (found !== 0) {
        Atomics.add(u32, found >>> 2, 1)
        return
      }
      u32[this.#value >>> 2] = 1
      if (target.update(this.#key, this.#value, BPF_NOEXIST, cpu) === 0) return
    }
  }

  /** Updates, deletes or looks up key `n`; every value says which key it belongs to. */
  #churnOne(target: ProgramSide, n: number): void {
    const { u32 } = this.#memory
    const { cpu, permanent } = this.#job
    const choice = this.#random(4)
    if (choice === 0 && n >= permanent) target.delete(this.#key, cpu)
    else if (choice === 1) {
      u32[this.#value >>> 2] = n
      u32[(this.#value >>> 2) + 1] = ~n
      if (target.update(this.#key, this.#value, 0, cpu) !== 0 && n < permanent) Atomics.add(u32, this.#problems, 1)
    } else if (target.lookup(this.#key, cpu) === 0 && n < permanent) Atomics.add(u32, this.#problems, 1)
  }
}

parentPort?.on('message', (job: StressJob) => {
  new Stress(job).run()
  parentPort?.postMessage('done')
})

import { Worker } from 'node:worker_threads'
import { GuestMemory } from '@bpfoundry/guest-memory'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RingConsumer, RingProducer, ringBytes } from '../src/spsc-ring.ts'

function ring(capacity: number, entryBytes: number) {
  const memory = GuestMemory.create({ maximumBytes: 1 << 20 })
  const { address } = memory.allocate('ring', 'ring', ringBytes(capacity, entryBytes))
  return { memory, handle: { address, capacity, entryBytes } }
}

test('a ring is a queue of at most its capacity, whatever the order of pushes and pops', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 200 }), fc.integer({ min: 1, max: 5 }), (pushes, power) => {
      const { memory, handle } = ring(2 ** power, 4)
      const producer = new RingProducer(memory, handle)
      const consumer = new RingConsumer(memory, handle)
      const model: number[] = []
      let next = 1
      for (const push of pushes) {
        if (push) {
          const fits = model.length < handle.capacity
          expect(producer.pushWord(next)).toBe(fits)
          producer.publish()
          if (fits) model.push(next)
          next++
        } else {
          expect(consumer.popWord()).toBe(model.shift() ?? 0)
        }
        expect(consumer.available()).toBe(model.length)
        expect(producer.free()).toBe(handle.capacity - model.length)
      }
    }),
  )
})

test('entries are not seen before they are published', () => {
  const { memory, handle } = ring(4, 8)
  const producer = new RingProducer(memory, handle)
  const consumer = new RingConsumer(memory, handle)
  expect(producer.reserve()).not.toBe(0)
  expect(producer.reserve()).not.toBe(0)
  expect(consumer.available()).toBe(0)
  expect(producer.free()).toBe(2)
  producer.publish()
  expect(consumer.available()).toBe(2)
})

test('free-running counters may wrap around 2^32', () => {
  const { memory, handle } = ring(4, 4)
  memory.i32[handle.address >>> 2] = -2
  memory.i32[(handle.address + 64) >>> 2] = -2
  const producer = new RingProducer(memory, handle)
  const consumer = new RingConsumer(memory, handle)
  for (let n = 1; n <= 10; n++) {
    expect(producer.pushWord(n)).toBe(true)
    producer.publish()
    expect(consumer.popWord()).toBe(n)
  }
})

test('two threads see every entry once, in order and whole', async () => {
  const count = 50_000
  const { memory, handle } = ring(64, 64)
  const worker = new Worker(
    `
    const { workerData, parentPort } = require('node:worker_threads')
    const i32 = new Int32Array(workerData.memory.buffer)
    const base = workerData.address >>> 2
    let next = 0
    let wrong = 0
    while (next < workerData.count) {
      const waiting = (Atomics.load(i32, base) - i32[base + 16]) | 0
      for (let ahead = 0; ahead < waiting; ahead++) {
        const at = base + 32 + ((next & 63) << 4)
        if (i32[at] !== next || i32[at + 15] !== ~next) wrong++
        next++
      }
      if (waiting > 0) Atomics.store(i32, base + 16, next)
      else Atomics.wait(i32, base, next, 0.05)
    }
    parentPort.postMessage(wrong)
    `,
    { eval: true, workerData: { memory: memory.memory, address: handle.address, count } },
  )
  const wrong = new Promise<number>((resolve, reject) => {
    worker.once('message', resolve)
    worker.once('error', reject)
  })
  await new Promise<void>((resolve) => worker.once('online', () => resolve()))
  const producer = new RingProducer(memory, handle)
  for (let sent = 0; sent < count; ) {
    const address = producer.reserve()
    if (address === 0) {
      Atomics.wait(memory.i32, (handle.address + 64) >>> 2, (sent - 64) | 0, 0.05)
      continue
    }
    memory.i32[address >>> 2] = sent
    memory.i32[(address >>> 2) + 15] = ~sent
    producer.publish()
    sent++
  }
  expect(await wrong).toBe(0)
  await worker.terminate()
})

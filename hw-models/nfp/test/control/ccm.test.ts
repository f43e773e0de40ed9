import { BPF_EXIT_INSN, BPF_MOV64_IMM } from '@bpfoundry/isa'
import { BPF_ANY, ERRNO, MAP_TYPE, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { verify } from '@bpfoundry/verifier'
import { describe, expect, test } from 'vitest'
import { allocationRequest, freeRequest, operationRequest, tableReply } from '../../src/control/ccm-message.ts'
import { CCM_TYPE, CcmChannel, MapFirmware, type PerfEvent, perfEventMessage } from '../../src/index.ts'
import { CardBed, HASH, key, value } from './card-bed.ts'

const hex = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString('hex')
    .replace(/(.{8})(?=.)/g, '$1 ')
const SLOTS = { keyBytes: 8, valueBytes: 8 }
const ETIMEDOUT = 110

/** Field by field after struct nfp_ccm_hdr and the structures of nfp/bpf/fw.h. */
test('messages have the layout of the firmware ABI', () => {
  const allocation = { keySizeBytes: 4, valueSizeBytes: 8, maxEntries: 1000, mapType: 1 }
  expect(hex(allocationRequest(allocation))).toBe('01010000 00000004 00000008 000003e8 00000001 00000000')
  expect(hex(freeRequest(7))).toBe('02010000 00000007')
  expect(hex(tableReply(CCM_TYPE.MAP_ALLOC, 0, 7))).toBe('81010000 00000000 00000007')
  const element = { key: Uint8Array.of(1, 2, 3, 4), value: Uint8Array.of(9) }
  expect(hex(operationRequest(CCM_TYPE.MAP_UPDATE, SLOTS, { tableId: 7, count: 1, flags: 2, element }))).toBe(
    '04010000 00000007 00000001 00000002 01020304 00000000 09000000 00000000',
  )
  const event: PerfEvent = { cpuId: 3, mapId: 5, data: Uint8Array.of(0xaa, 0xbb), packet: Uint8Array.of(1, 2, 3, 4, 5) }
  expect(hex(perfEventMessage(event))).toBe(
    '08010000 00000003 00000000 00000005 00000002 00000005 01020304 05000000 aabb',
  )
})

describe('the channel', () => {
  function bed(peer: (request: Uint8Array) => Uint8Array | undefined): { channel: CcmChannel; warnings: string[] } {
    const warnings: string[] = []
    return { channel: new CcmChannel(peer, (text) => void warnings.push(text)), warnings }
  }
  const answered = (request: Uint8Array, change: (reply: Uint8Array) => void = () => {}): Uint8Array => {
    const reply = tableReply(CCM_TYPE.MAP_FREE, 0, 0)
    reply.set(request.subarray(2, 4), 2)
    change(reply)
    return reply
  }

  /** [title, the firmware, the answer, what the driver says] */
  // biome-ignore format: table
  const WRONG: readonly (readonly [string, (request: Uint8Array) => Uint8Array | undefined, number, string[]])[] = [
    ['no answer',            () => undefined,                                    -ETIMEDOUT, ['timeout waiting for response to 0x02']],
    ['an answer too short',  () => new Uint8Array(7),                            -ETIMEDOUT, ['cmsg drop - too short 7!', 'timeout waiting for response to 0x02']],
    ["another's answer",     (r) => answered(r, (a) => a.set([0x12, 0x34], 2)),  -ETIMEDOUT, ['cmsg drop - no one is waiting for tag 4660!', 'timeout waiting for response to 0x02']],
    ['another type',         (r) => answered(r, (a) => a.set([0x84])),           -ERRNO.EIO, ['cmsg drop - wrong type 0x84 != 0x82!']],
    ['another length',       (r) => new Uint8Array([...answered(r), 0]),         -ERRNO.EIO, ['cmsg drop - type 0x02 wrong size 13 != 12!']],
  ]
  test.each(WRONG)('%s', (_title, peer, answer, words) => {
    const { channel, warnings } = bed(peer)
    expect(channel.communicate(CCM_TYPE.MAP_FREE, freeRequest(1), 12)).toBe(answer)
    expect(warnings).toEqual(words)
  })

  test('numbers its requests, and skips the numbers of those that were lost', () => {
    const tags: number[] = []
    const { channel } = bed((request) => {
      tags.push(new DataView(request.buffer).getUint16(2))
      return tags.length === 2 ? undefined : answered(request)
    })
    for (let n = 0; n < 0x10002; n++) channel.communicate(CCM_TYPE.MAP_FREE, freeRequest(1), 12)
    expect(tags.slice(0, 3)).toEqual([0, 1, 2])
    expect(tags.slice(-3)).toEqual([0xffff, 0, 2])
  })

  test('gives up when a quarter of all numbers waits', () => {
    const { channel, warnings } = bed(() => undefined)
    for (let n = 0; n < 16_384; n++) expect(channel.communicate(CCM_TYPE.MAP_FREE, freeRequest(1))).toBe(-ETIMEDOUT)
    expect(channel.communicate(CCM_TYPE.MAP_FREE, freeRequest(1))).toBe(-ERRNO.EAGAIN)
    expect(warnings.at(-1)).toBe('all FW request contexts busy!')
  })
})

test('the firmware answers what is wrong with a status, and no message with nothing', () => {
  const firmware = new MapFirmware(SLOTS)
  expect(firmware.answer(new Uint8Array(4))).toBeUndefined()
  expect(firmware.answer(Uint8Array.of(99, 1, 0, 0, 0, 0, 0, 0))).toBeUndefined()
  const status = (request: Uint8Array): number | undefined => firmware.answer(request)?.[7]
  expect(status(freeRequest(1))).toBe(1)
  expect(status(new Uint8Array([...freeRequest(1)].with(0, CCM_TYPE.MAP_ALLOC)))).toBe(4)
  const large = { keySizeBytes: 9, valueSizeBytes: 8, maxEntries: 1, mapType: 1 }
  expect(status(allocationRequest(large))).toBe(3)
  expect(status(new Uint8Array([...freeRequest(1)].with(0, CCM_TYPE.MAP_LOOKUP)))).toBe(4)
  const nowhere = { tableId: 9, count: 1, flags: 0, element: {} }
  expect(status(operationRequest(CCM_TYPE.MAP_LOOKUP, SLOTS, nowhere))).toBe(1)
})

describe('perf events', () => {
  const EVENT: PerfEvent = { cpuId: 1, mapId: 4, data: Uint8Array.of(7, 8), packet: Uint8Array.of(1, 2, 3) }
  const program = { type: PROG_TYPE.XDP, insns: [BPF_MOV64_IMM(0, 2), BPF_EXIT_INSN()] }

  test('come to the map of a program on the card, and to no other', () => {
    const events: PerfEvent[] = []
    const bed = new CardBed({}, { onEvent: (event) => void events.push(event) })
    expect(bed.control.receive(perfEventMessage(EVENT))).toBe(false)
    expect(bed.warnings).toEqual(['perf event: map id 4 (0x4) not recognized, dropping event'])
    const refused = bed.control.load(program)
    refused.destroyed()
    expect(bed.control.receive(perfEventMessage(EVENT))).toBe(false)
    const load = bed.control.load(program)
    const rest = { name: 'p', expectedAttachType: 0, gplCompatible: true, maps: new Map() }
    expect(verify({ ...program, ...rest }, { device: load.hooks }).ok).toBe(true)
    const events4 = { id: 4, attributes: { ...HASH, type: MAP_TYPE.PERF_EVENT_ARRAY } }
    load.accepted(9, [{ id: 3, attributes: HASH }, events4])
    expect(bed.control.receive(perfEventMessage({ ...EVENT, mapId: 3 }))).toBe(false)
    expect(bed.control.receive(perfEventMessage(EVENT))).toBe(true)
    expect(events).toEqual([EVENT])
    load.destroyed()
    expect([bed.control.receive(perfEventMessage(EVENT)), bed.device.program(9)]).toEqual([false, undefined])
  })

  test('that are malformed are dropped without a word', () => {
    const bed = new CardBed()
    const message = perfEventMessage(EVENT)
    const versioned = Uint8Array.from(message).with(1, 2)
    for (const wrong of [message.subarray(0, 23), message.subarray(0, -1), versioned]) {
      expect(bed.control.receive(wrong)).toBe(false)
    }
    expect(bed.warnings).toEqual([])
  })
})

test('a firmware that has lost a table makes the driver say so', () => {
  const bed = new CardBed()
  const { host } = bed.map()
  host.update(key(1), value(1), BPF_ANY)
  bed.control.channel.communicate(CCM_TYPE.MAP_FREE, freeRequest(1))
  expect(host.lookup(key(1))).toBe(-ERRNO.EBADFD)
  host.free()
  expect(bed.warnings).toEqual([`leaking map - FW responded with: -${ERRNO.EBADFD}`])
})

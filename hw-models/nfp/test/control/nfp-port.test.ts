import {
  AttachError,
  type AttachProgram,
  nicProfile,
  type TcFilterRequest,
  TrafficControl,
  XDP_FLAGS,
  XdpAttachments,
} from '@bpfoundry/device'
import { ERRNO, PROG_TYPE } from '@bpfoundry/kernel-abi'
import { expect, test } from 'vitest'
import { type NfpFirmware, NfpPort } from '../../src/index.ts'
import { CardBed } from './card-bed.ts'

const program = (id: number, type: number = PROG_TYPE.SCHED_CLS): AttachProgram => ({
  ...{
    id,
    name: `p${id}`,
    tag: '',
    type,
    expectedAttachType: 0,
    bound: { ifindex: 2, offloaded: true, card: 'nfp.0' },
  },
})
const xdp = (id: number): AttachProgram => program(id, PROG_TYPE.XDP)
const filter = (id: number, fields: Partial<TcFilterRequest> = {}): TcFilterRequest => ({
  ...{ direction: 'ingress', program: program(id), priority: 1, handle: 1, directAction: true, skipSw: true },
  ...fields,
})

interface Port {
  readonly port: NfpPort
  readonly hook: XdpAttachments
  readonly tc: TrafficControl
}

/** Ports of one card. */
function ports(count: number, firmware: Partial<NfpFirmware> = {}, ebpfCapable = true): Port[] {
  const { device } = new CardBed(firmware)
  return Array.from({ length: count }, (_, index) => {
    const place = { name: `eth${index}`, ifindex: 2 + index }
    const port: NfpPort = new NfpPort(device, {
      profile: nicProfile('agilio-cx-2x10'),
      mtu: () => hook.device.mtu,
      hwTcOffload: () => tc.hwTcOffload,
      ebpfCapable,
    })
    const driver = {
      install: (request: Parameters<NfpPort['install']>[0]) => port.install(request),
      changeMtu: (...args: Parameters<NfpPort['changeMtu']>) => port.changeMtu(...args),
    }
    const hook = new XdpAttachments({ ...place, card: 'nfp.0', mtu: 1500, driver, setProgram: () => {} })
    const tc: TrafficControl = new TrafficControl({
      ...place,
      accepts: ({ card }) => card === 'nfp.0',
      driver: {
        setupFilter: (request) => port.setupFilter(request),
        setHwTcOffload: (on) => port.setHwTcOffload(on),
      },
    })
    tc.addQdisc('clsact')
    tc.setHwTcOffload(true)
    return { port, hook, tc }
  })
}

function refusal(run: () => unknown): readonly [errno: number, said: string | undefined] {
  try {
    run()
  } catch (error) {
    if (error instanceof AttachError) return [error.errno, error.extack ?? error.kernelLog]
    throw error
  }
  throw new Error('was not refused')
}

const HW = { flags: XDP_FLAGS.HW_MODE }

/** What the driver of 6.12 says, with its name in front where it goes to the user. */
// biome-ignore format: table
const REFUSALS: readonly (readonly [title: string, run: (port: Port) => unknown, errno: number, said: string | undefined])[] = [
  ['a filter while the feature is off',     ({ tc }) => { tc.setHwTcOffload(false); tc.addFilter(filter(1)) },          ERRNO.EOPNOTSUPP, 'TC offload is disabled on net device'],
  ['a filter in another chain',             ({ tc }) => tc.addFilter(filter(1, { chain: 1 })),                          ERRNO.EOPNOTSUPP, 'Driver supports only offload of chain 0'],
  ['a filter for one protocol',             ({ tc }) => tc.addFilter(filter(1, { protocol: 'ip' })),                    ERRNO.EOPNOTSUPP, 'nfp: only ETH_P_ALL supported as filter protocol'],
  ['a filter without direct action',        ({ tc }) => tc.addFilter(filter(1, { directAction: false })),               ERRNO.EOPNOTSUPP, 'nfp: only direct action with no legacy actions supported'],
  ['a filter with actions',                 ({ tc }) => tc.addFilter(filter(1, { hasActions: true })),                  ERRNO.EOPNOTSUPP, 'nfp: only direct action with no legacy actions supported'],
  ['a second filter',                       ({ tc }) => { tc.addFilter(filter(1)); tc.addFilter(filter(2, { handle: 2 })) }, ERRNO.EBUSY, undefined],
  ['a filter beside XDP',                   ({ tc, hook }) => { hook.attach(xdp(1), HW); tc.addFilter(filter(2)) },     ERRNO.EBUSY,      undefined],
  ['XDP beside a filter',                   ({ tc, hook }) => { tc.addFilter(filter(1)); hook.attach(xdp(2), HW) },     ERRNO.EBUSY,      undefined],
  ['switching the feature off in use',      ({ tc }) => { tc.addFilter(filter(1)); tc.setHwTcOffload(false) },          ERRNO.EBUSY,      'Cannot disable HW TC offload while offloads active'],
]

test.each(REFUSALS)('%s is refused', (_title, run, errno, said) => {
  expect(refusal(() => run(ports(1)[0] as Port))).toEqual([errno, said])
})

test('firmware without BPF takes neither', () => {
  const [port] = ports(1, {}, false) as [Port]
  expect(refusal(() => port.hook.attach(xdp(1), HW))).toEqual([ERRNO.EINVAL, undefined])
  expect(refusal(() => port.tc.addFilter(filter(1)))[1]).toBe('nfp: NFP firmware does not support eBPF offload')
})

test('programs are exchanged under traffic only where the firmware can', () => {
  const [can] = ports(1) as [Port]
  can.hook.attach(xdp(1), HW)
  can.hook.attach(xdp(2), HW)
  expect(can.port.running?.id).toBe(2)
  const [cannot] = ports(1, { liveReload: false }) as [Port]
  cannot.hook.attach(xdp(1), HW)
  const words = [ERRNO.EBUSY, 'nfp: FW does not support live reload'] as const
  expect(refusal(() => cannot.hook.attach(xdp(2), HW))).toEqual(words)
  expect(cannot.port.running?.id).toBe(1)
  cannot.hook.detach(HW)
  cannot.tc.addFilter(filter(3))
  expect(refusal(() => cannot.tc.replaceFilter(filter(4)))).toEqual(words)
})

test('ports of one card take one program each, and share it', () => {
  const [one, two] = ports(2) as [Port, Port]
  one.hook.attach(xdp(1), HW)
  two.hook.attach(xdp(1), HW)
  expect([one.port.running?.id, two.port.running?.id]).toEqual([1, 1])
  one.hook.detach(HW)
  one.tc.addFilter(filter(3))
  expect([one.port.running?.id, two.port.running?.id]).toEqual([3, 1])
  one.tc.uninstall()
  expect(one.port.running).toBeUndefined()
})

test('native and offloaded programs go together', () => {
  const [port] = ports(1) as [Port]
  port.hook.attach(xdp(1), HW)
  const { bound: _bound, ...host } = xdp(2)
  port.hook.attach(host, { flags: XDP_FLAGS.DRV_MODE })
  expect(port.hook.attached().map(({ mode }) => mode)).toEqual(['native', 'offload'])
  expect(refusal(() => port.hook.changeMtu(9000))[0]).toBe(ERRNO.EINVAL)
})

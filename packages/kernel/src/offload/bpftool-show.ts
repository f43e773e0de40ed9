import { type MapAttributes, mapTypeName, programTypeName } from '@bpfoundry/kernel-abi'
import type { NetNamespace } from './net-namespace.ts'
import type { DeviceInfo, MapInfo, ProgramInfo } from './object-info.ts'

/** Who looks: interfaces of other namespaces have no name there. */
export interface Viewer {
  readonly namespace: NetNamespace
  /** Name of an interface of that namespace. */
  deviceName(ifindex: number): string | undefined
}

/** The `dev` object of `bpftool -j prog show` and `map show`. */
export interface DeviceJson {
  readonly ifindex: number
  readonly ns_dev: number
  readonly ns_inode: number
  readonly ifname?: string
}

/** One program of `bpftool -j prog show`. */
export interface ProgramJson {
  readonly id: number
  readonly type: string
  readonly name?: string
  readonly tag: string
  readonly gpl_compatible: boolean
  readonly dev?: DeviceJson
  readonly loaded_at?: number
  readonly uid?: number
  readonly orphaned: boolean
  readonly bytes_xlated: number
  readonly jited: boolean
  readonly bytes_jited?: number
  readonly bytes_memlock: number
  readonly map_ids?: readonly number[]
  readonly btf_id?: number
}

/** One map of `bpftool -j map show`. */
export interface MapJson {
  readonly id: number
  readonly type: string
  readonly name?: string
  readonly flags: number
  readonly dev?: DeviceJson
  readonly bytes_key: number
  readonly bytes_value: number
  readonly max_entries: number
  readonly bytes_memlock?: number
  readonly owner_prog_type?: string
  readonly owner_jited?: boolean
  readonly frozen: number
  readonly btf_id?: number
}

const PAGE_BYTES = 4096
const ORPHAN_TAG = '0000000000000000'

/**
 * A program as `bpftool prog show` prints it, several lines. Of an orphan Linux tells nothing, and so does bpftool.
 *
 * @see tools/bpf/bpftool/prog.c
 */
export function programLines(info: ProgramInfo | 'orphaned', viewer: Viewer): string[] {
  if (info === 'orphaned') {
    return [`0: unspec  tag ${ORPHAN_TAG}`, `\txlated 0B  not jited  memlock ${PAGE_BYTES}B  orphaned`]
  }
  const name = info.name === '' ? '' : `name ${info.name}  `
  const head = `${info.id}: ${programTypeName(info.type)}  ${name}tag ${info.tag}`
  const jited = info.jitedBytes > 0 ? `jited ${info.jitedBytes}B` : 'not jited'
  const maps = info.mapIds.length > 0 ? `  map_ids ${info.mapIds.join(',')}` : ''
  return [
    `${head}${offloadedTo(info, viewer)}${info.gplCompatible ? '  gpl' : ''}`,
    ...(info.loaded === undefined ? [] : [`\tloaded_at ${localTime(info.loaded.atSeconds)}  uid ${info.loaded.uid}`]),
    `\txlated ${info.xlatedBytes}B  ${jited}  memlock ${info.memlockBytes}B${maps}`,
    ...(info.btfId === undefined ? [] : [`\tbtf_id ${info.btfId}`]),
  ]
}

/** A map as `bpftool map show` prints it. @see tools/bpf/bpftool/map.c */
export function mapLines(info: MapInfo, viewer: Viewer): string[] {
  const name = info.name === '' ? '' : `name ${info.name}  `
  const memlock = info.memlockBytes === undefined ? '' : `  memlock ${info.memlockBytes}B`
  const last = [...(info.btfId === undefined ? [] : [`btf_id ${info.btfId}`]), ...(info.frozen ? ['frozen'] : [])]
  return [
    `${info.id}: ${mapTypeName(info.type)}  ${name}flags 0x${info.flags.toString(16)}${offloadedTo(info, viewer)}`,
    `\tkey ${info.keySizeBytes}B  value ${info.valueSizeBytes}B  max_entries ${info.maxEntries}${memlock}`,
    ...ownerLines(info),
    ...(last.length === 0 ? [] : [`\t${last.join('  ')}`]),
  ]
}

function ownerLines({ owner }: MapInfo): string[] {
  if (owner === undefined) return []
  return [`\towner_prog_type ${programTypeName(owner.type)}  owner${owner.jited ? '' : ' not'} jited`]
}

/** A program as `bpftool -j prog show` prints it. */
export function programJson(info: ProgramInfo | 'orphaned', viewer: Viewer): ProgramJson {
  if (info === 'orphaned') {
    const nothing = { id: 0, type: 'unspec', tag: ORPHAN_TAG, gpl_compatible: false }
    return { ...nothing, orphaned: true, bytes_xlated: 0, jited: false, bytes_memlock: PAGE_BYTES }
  }
  const dev = deviceJson(info, viewer)
  return {
    id: info.id,
    type: programTypeName(info.type),
    ...(info.name === '' ? {} : { name: info.name }),
    tag: info.tag,
    gpl_compatible: info.gplCompatible,
    ...(dev === undefined ? {} : { dev }),
    ...(info.loaded === undefined ? {} : { loaded_at: info.loaded.atSeconds, uid: info.loaded.uid }),
    orphaned: false,
    bytes_xlated: info.xlatedBytes,
    jited: info.jitedBytes > 0,
    ...(info.jitedBytes > 0 ? { bytes_jited: info.jitedBytes } : {}),
    bytes_memlock: info.memlockBytes,
    ...(info.mapIds.length > 0 ? { map_ids: info.mapIds } : {}),
    ...(info.btfId === undefined ? {} : { btf_id: info.btfId }),
  }
}

/** A map as `bpftool -j map show` prints it. */
export function mapJson(info: MapInfo, viewer: Viewer): MapJson {
  const dev = deviceJson(info, viewer)
  const { name }: MapAttributes = info
  return {
    id: info.id,
    type: mapTypeName(info.type),
    ...(name === '' ? {} : { name }),
    flags: info.flags,
    ...(dev === undefined ? {} : { dev }),
    bytes_key: info.keySizeBytes,
    bytes_value: info.valueSizeBytes,
    max_entries: info.maxEntries,
    ...(info.memlockBytes === undefined ? {} : { bytes_memlock: info.memlockBytes }),
    ...(info.owner === undefined
      ? {}
      : { owner_prog_type: programTypeName(info.owner.type), owner_jited: info.owner.jited }),
    frozen: info.frozen ? 1 : 0,
    ...(info.btfId === undefined ? {} : { btf_id: info.btfId }),
  }
}

/** @see print_dev_plain in tools/bpf/bpftool/common.c */
function offloadedTo(info: DeviceInfo, viewer: Viewer): string {
  if (info.ifindex === 0) return ''
  const name = nameSeen(info, viewer)
  return `  offloaded_to ${name ?? `ifindex ${info.ifindex} ns_dev ${info.netnsDevice} ns_ino ${info.netnsInode}`}`
}

function deviceJson(info: DeviceInfo, viewer: Viewer): DeviceJson | undefined {
  if (info.ifindex === 0) return undefined
  const ifname = nameSeen(info, viewer)
  const place = { ifindex: info.ifindex, ns_dev: info.netnsDevice, ns_inode: info.netnsInode }
  return { ...place, ...(ifname === undefined ? {} : { ifname }) }
}

function nameSeen(info: DeviceInfo, { namespace, deviceName }: Viewer): string | undefined {
  const own = namespace.deviceNumber === info.netnsDevice && namespace.inode === info.netnsInode
  return own ? deviceName(info.ifindex) : undefined
}

/** `2026-11-21T03:57:14+0000`, where the host is. */
function localTime(seconds: number): string {
  const date = new Date(seconds * 1000)
  const aheadMinutes = -date.getTimezoneOffset()
  const digits = (value: number): string => `${value}`.padStart(2, '0')
  const shifted = new Date(date.getTime() + aheadMinutes * 60_000).toISOString().slice(0, 19)
  const ahead = Math.abs(aheadMinutes)
  return `${shifted}${aheadMinutes < 0 ? '-' : '+'}${digits(Math.floor(ahead / 60))}${digits(ahead % 60)}`
}

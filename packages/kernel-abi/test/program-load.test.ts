import { describe, expect, it } from 'vitest'
import {
  ATTACH_TYPE,
  contextNames,
  helperByName,
  kernelProfile,
  loadAttachTypeAllowed,
  MAP_TYPE,
  mapHelperCompatible,
  PROG_TYPE,
  returnRange,
} from '../src/index.ts'

const helper = (name: string): number => helperByName(name)?.id ?? 0

describe('facts of a load', () => {
  it('lets XDP return anything, a cgroup filter two or four values', () => {
    expect(returnRange(PROG_TYPE.XDP)).toBeUndefined()
    expect(returnRange(PROG_TYPE.CGROUP_SKB, ATTACH_TYPE.CGROUP_INET_INGRESS)).toEqual({ min: 0, max: 1 })
    expect(returnRange(PROG_TYPE.CGROUP_SKB, ATTACH_TYPE.CGROUP_INET_EGRESS)).toEqual({ min: 0, max: 3 })
    expect(returnRange(PROG_TYPE.CGROUP_SOCK_ADDR, ATTACH_TYPE.CGROUP_INET4_GETPEERNAME)).toEqual({ min: 1, max: 1 })
  })

  it('ties program types to the attach types that a load may expect', () => {
    expect(loadAttachTypeAllowed(PROG_TYPE.XDP, ATTACH_TYPE.XDP_CPUMAP)).toBe(true)
    expect(loadAttachTypeAllowed(PROG_TYPE.SK_LOOKUP, 0)).toBe(false)
    expect(loadAttachTypeAllowed(PROG_TYPE.SK_LOOKUP, ATTACH_TYPE.SK_LOOKUP)).toBe(true)
  })

  it('names contexts on both sides', () => {
    expect(contextNames(PROG_TYPE.XDP)).toEqual({ program: 'xdp_md', kernel: 'xdp_buff' })
    expect(contextNames(99)).toBeUndefined()
  })

  it('pairs maps with helpers from both ends', () => {
    expect(mapHelperCompatible(MAP_TYPE.HASH, helper('map_lookup_elem'))).toBe(true)
    expect(mapHelperCompatible(MAP_TYPE.HASH, helper('tail_call'))).toBe(false)
    expect(mapHelperCompatible(MAP_TYPE.PROG_ARRAY, helper('map_lookup_elem'))).toBe(false)
    expect(mapHelperCompatible(MAP_TYPE.DEVMAP, helper('redirect_map'))).toBe(true)
  })

  it('has the profile that is the default, and says so of others', () => {
    expect(kernelProfile()?.limits.stackBytes).toBe(512)
    expect(kernelProfile('2.6')).toBeUndefined()
  })
})

export type { BpfMap, BulkResult, MapOptions, MapReferences, TargetMap } from './bpf-map.ts'
export { createMap, isTargetMap, MAP_TYPES_SUPPORTED, openMap } from './create-map.ts'
export { MapError, type MapErrorCode } from './map-error.ts'
export { PROG_ARRAY_LAYOUT, progArrayTarget } from './prog-array-map.ts'

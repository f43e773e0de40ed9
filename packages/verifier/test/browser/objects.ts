/** Objects that clang built, accepted and refused ones: loops, calls, maps of many kinds, ISA v2 to v4. */
export const OBJECTS: readonly string[] = [
  'adjust/adjust.v4.o',
  'atomics/atomics.v3.o',
  'blacklist/blacklist.v2.o',
  'calls/calls.v3.o',
  'global_calls/global_calls.v3.o',
  'l4lb/l4lb.v3.o',
  'legacy_maps/legacy_maps.v2.o',
  'loops/loops.v4.o',
  'lru_flows/lru_flows.v3.o',
  'refused/map_value_past_end.v3.o',
  'refused/packet_load_absolute.v3.o',
  'signed_math/signed_math.v4.o',
  'tail_calls/tail_calls.v3.o',
]

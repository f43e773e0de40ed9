/**
 * Loads and stores. Any alignment is allowed, as on x86-64; whether a program may misalign is the verifier's business.
 * An aligned 8-byte access is two 4-byte ones: another CPU may see it half done (docs/parity/interpreter.md).
 *
 * @see RFC 9669, sections 5.1 and 5.2
 */
import type { InstructionName } from '@bpfoundry/isa'
import { setSigned, setUnsigned } from './int64.ts'
import type { HandlersOf } from './operation.ts'

// biome-ignore format: table
export const LOAD_STORE: HandlersOf<Extract<InstructionName, `${'LDX' | 'ST' | 'STX'}_${string}`>> = {
  LDX_MEM_B:         ({ m, d, dh, s, sh, off, next }) => (r) => { setUnsigned(r, d, dh, m.load8(m.from(r[s], r[sh], off, 1))); return next },
  LDX_MEM_H:         ({ m, d, dh, s, sh, off, next }) => (r) => { setUnsigned(r, d, dh, m.load16(m.from(r[s], r[sh], off, 2))); return next },
  LDX_MEM_W:         ({ m, d, dh, s, sh, off, next }) => (r) => { setUnsigned(r, d, dh, m.load32(m.from(r[s], r[sh], off, 4))); return next },
  LDX_MEM_DW:        ({ m, d, dh, s, sh, off, next }) => (r) => { m.load64(r, d, dh, m.from(r[s], r[sh], off, 8)); return next },
  LDX_MEMSX_B:       ({ m, d, dh, s, sh, off, next }) => (r) => { setSigned(r, d, dh, m.load8Signed(m.from(r[s], r[sh], off, 1))); return next },
  LDX_MEMSX_H:       ({ m, d, dh, s, sh, off, next }) => (r) => { setSigned(r, d, dh, m.load16Signed(m.from(r[s], r[sh], off, 2))); return next },
  LDX_MEMSX_W:       ({ m, d, dh, s, sh, off, next }) => (r) => { setSigned(r, d, dh, m.load32(m.from(r[s], r[sh], off, 4))); return next },
  LDX_PROBE_MEM_B:   ({ m, d, dh, s, sh, off, next }) => (r) => { setUnsigned(r, d, dh, m.load8(m.probe(r[s], r[sh], off, 1))); return next },
  LDX_PROBE_MEM_H:   ({ m, d, dh, s, sh, off, next }) => (r) => { setUnsigned(r, d, dh, m.load16(m.probe(r[s], r[sh], off, 2))); return next },
  LDX_PROBE_MEM_W:   ({ m, d, dh, s, sh, off, next }) => (r) => { setUnsigned(r, d, dh, m.load32(m.probe(r[s], r[sh], off, 4))); return next },
  LDX_PROBE_MEM_DW:  ({ m, d, dh, s, sh, off, next }) => (r) => { m.load64(r, d, dh, m.probe(r[s], r[sh], off, 8)); return next },
  LDX_PROBE_MEMSX_B: ({ m, d, dh, s, sh, off, next }) => (r) => { setSigned(r, d, dh, m.load8Signed(m.probe(r[s], r[sh], off, 1))); return next },
  LDX_PROBE_MEMSX_H: ({ m, d, dh, s, sh, off, next }) => (r) => { setSigned(r, d, dh, m.load16Signed(m.probe(r[s], r[sh], off, 2))); return next },
  LDX_PROBE_MEMSX_W: ({ m, d, dh, s, sh, off, next }) => (r) => { setSigned(r, d, dh, m.load32(m.probe(r[s], r[sh], off, 4))); return next },
  ST_MEM_B:          ({ m, d, dh, off, k, next }) => (r) => { m.store8(m.to(r[d], r[dh], off, 1), k); return next },
  ST_MEM_H:          ({ m, d, dh, off, k, next }) => (r) => { m.store16(m.to(r[d], r[dh], off, 2), k); return next },
  ST_MEM_W:          ({ m, d, dh, off, k, next }) => (r) => { m.store32(m.to(r[d], r[dh], off, 4), k); return next },
  ST_MEM_DW:         ({ m, d, dh, off, k, kh, next }) => (r) => { m.store64(m.to(r[d], r[dh], off, 8), k, kh); return next },
  STX_MEM_B:         ({ m, d, dh, s, off, next }) => (r) => { m.store8(m.to(r[d], r[dh], off, 1), r[s]); return next },
  STX_MEM_H:         ({ m, d, dh, s, off, next }) => (r) => { m.store16(m.to(r[d], r[dh], off, 2), r[s]); return next },
  STX_MEM_W:         ({ m, d, dh, s, off, next }) => (r) => { m.store32(m.to(r[d], r[dh], off, 4), r[s]); return next },
  STX_MEM_DW:        ({ m, d, dh, s, sh, off, next }) => (r) => { m.store64(m.to(r[d], r[dh], off, 8), r[s], r[sh]); return next },
}

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
  LDX_MEM_B:         (r, o) => { setUnsigned(r, o.d, o.dh, o.m.load8(o.m.from(r[o.s], r[o.sh], o.off, 1))); return o.next },
  LDX_MEM_H:         (r, o) => { setUnsigned(r, o.d, o.dh, o.m.load16(o.m.from(r[o.s], r[o.sh], o.off, 2))); return o.next },
  LDX_MEM_W:         (r, o) => { setUnsigned(r, o.d, o.dh, o.m.load32(o.m.from(r[o.s], r[o.sh], o.off, 4))); return o.next },
  LDX_MEM_DW:        (r, o) => { o.m.load64(r, o.d, o.dh, o.m.from(r[o.s], r[o.sh], o.off, 8)); return o.next },
  LDX_MEMSX_B:       (r, o) => { setSigned(r, o.d, o.dh, o.m.load8Signed(o.m.from(r[o.s], r[o.sh], o.off, 1))); return o.next },
  LDX_MEMSX_H:       (r, o) => { setSigned(r, o.d, o.dh, o.m.load16Signed(o.m.from(r[o.s], r[o.sh], o.off, 2))); return o.next },
  LDX_MEMSX_W:       (r, o) => { setSigned(r, o.d, o.dh, o.m.load32(o.m.from(r[o.s], r[o.sh], o.off, 4))); return o.next },
  LDX_PROBE_MEM_B:   (r, o) => { setUnsigned(r, o.d, o.dh, o.m.load8(o.m.probe(r[o.s], r[o.sh], o.off, 1))); return o.next },
  LDX_PROBE_MEM_H:   (r, o) => { setUnsigned(r, o.d, o.dh, o.m.load16(o.m.probe(r[o.s], r[o.sh], o.off, 2))); return o.next },
  LDX_PROBE_MEM_W:   (r, o) => { setUnsigned(r, o.d, o.dh, o.m.load32(o.m.probe(r[o.s], r[o.sh], o.off, 4))); return o.next },
  LDX_PROBE_MEM_DW:  (r, o) => { o.m.load64(r, o.d, o.dh, o.m.probe(r[o.s], r[o.sh], o.off, 8)); return o.next },
  LDX_PROBE_MEMSX_B: (r, o) => { setSigned(r, o.d, o.dh, o.m.load8Signed(o.m.probe(r[o.s], r[o.sh], o.off, 1))); return o.next },
  LDX_PROBE_MEMSX_H: (r, o) => { setSigned(r, o.d, o.dh, o.m.load16Signed(o.m.probe(r[o.s], r[o.sh], o.off, 2))); return o.next },
  LDX_PROBE_MEMSX_W: (r, o) => { setSigned(r, o.d, o.dh, o.m.load32(o.m.probe(r[o.s], r[o.sh], o.off, 4))); return o.next },
  ST_MEM_B:          (r, o) => { o.m.store8(o.m.to(r[o.d], r[o.dh], o.off, 1), o.k); return o.next },
  ST_MEM_H:          (r, o) => { o.m.store16(o.m.to(r[o.d], r[o.dh], o.off, 2), o.k); return o.next },
  ST_MEM_W:          (r, o) => { o.m.store32(o.m.to(r[o.d], r[o.dh], o.off, 4), o.k); return o.next },
  ST_MEM_DW:         (r, o) => { o.m.store64(o.m.to(r[o.d], r[o.dh], o.off, 8), o.k, o.kh); return o.next },
  STX_MEM_B:         (r, o) => { o.m.store8(o.m.to(r[o.d], r[o.dh], o.off, 1), r[o.s]); return o.next },
  STX_MEM_H:         (r, o) => { o.m.store16(o.m.to(r[o.d], r[o.dh], o.off, 2), r[o.s]); return o.next },
  STX_MEM_W:         (r, o) => { o.m.store32(o.m.to(r[o.d], r[o.dh], o.off, 4), r[o.s]); return o.next },
  STX_MEM_DW:        (r, o) => { o.m.store64(o.m.to(r[o.d], r[o.dh], o.off, 8), r[o.s], r[o.sh]); return o.next },
}

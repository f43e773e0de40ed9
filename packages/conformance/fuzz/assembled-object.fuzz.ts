import { isDiagnostic } from '@bpfoundry/diagnostics'
import { assembledObject } from '../src/kernel-tree/progs/asm/assembled-object.ts'

export const name = 'assembled-object'

const FILE = 'tools/testing/selftests/bpf/progs/fuzz.c'

const HEADERS = new Map([
  [
    'tools/include/uapi/linux/bpf.h',
    '#define ___BPF_FUNC_MAPPER(FN) \\\n\tFN(map_lookup_elem, 1) \\\n\tFN(loop, 181)\n',
  ],
  [
    'tools/testing/selftests/bpf/m.h',
    '#include "bpf_helper_defs.h"\n#define SEC(n) __attribute__((section(n), used))\n#define N __attribute__((naked))\n',
  ],
])

/** Makes an object of a source file: whatever it says, each program is made or has a reason. */
export function fuzzOnce(input: Uint8Array): void {
  const text = new TextDecoder().decode(input)
  try {
    const read = (path: string): string | undefined => (path === FILE ? text : HEADERS.get(path))
    const { functions, spec } = assembledObject({ read }, FILE)
    for (const { name, how } of functions) {
      if (how === 'assembled' && !spec.programs.has(name)) throw new Error(`'${name}' is assembled and not there`)
    }
  } catch (error) {
    if (!isDiagnostic(error)) throw error
  }
}

const text = (lines: string): Uint8Array => new TextEncoder().encode(lines)

export const seeds = (): Uint8Array[] => [
  text(
    '#include "m.h"\nstruct { int (*type)[2]; int (*max_entries)[1]; int *key; long *value; } m SEC(".maps");\nint g = 3;\nSEC("tc") N int f(void *c)\n{\n\tasm volatile ("r1 = %[m] ll; l%=: if r1 == %[k] goto l%=; call %[h]; r2 = %[p]; exit;" :: [m]"i"(&m), [k]"i"(1 << 3), [h]"i"(bpf_map_lookup_elem), [p]"r"(&g) : "r0", "r1");\n}\n',
  ),
  text(
    '#include "m.h"\nstatic N int s(void)\n{\n\tasm("exit;");\n}\nint x[] SEC(".data.x") = { 1, [3] = -1 };\nextern int k(void) __attribute__((section(".ksyms"), weak));\nSEC("xdp") N int f(void)\n{\n\tasm("call s; call %[k]; 1: goto 1b; r0 = %[x] ll; .8byte 0x95;" :: [k]"i"(k), [x]"i"(&x[1]));\n}\nSEC("xdp") int c(void) { return 1; }\nchar l[] SEC("license") = "GPL";\n',
  ),
]

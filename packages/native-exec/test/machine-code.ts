/** Code by hand, for tests that must not depend on a back end. */
import { NATIVE_CONTEXT } from '@bpfoundry/codegen'
import { CPU_BLOCK } from '@bpfoundry/engine'

const little = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 0xff)
const arm = (...words: number[]): number[] => words.flatMap((word) => little(word >>> 0))

/** `u32 f(void)` that answers a number below 2^32. */
export function answering(value: number): Uint8Array {
  return Uint8Array.from(
    process.arch === 'arm64'
      ? // movz w0, #low; movk w0, #high, lsl #16; ret
        arm(0x52800000 | ((value & 0xffff) << 5), 0x72a00000 | ((value >>> 16) << 5), 0xd65f03c0)
      : // mov eax, value; ret
        [0xb8, ...little(value), 0xc3],
  )
}

/** x86-64, System V: a program that answers a number below 2^32. */
export function returning(value: number): Uint8Array {
  // biome-ignore format: one instruction a line
  return Uint8Array.from([
    0x48, 0x8b, 0x47, NATIVE_CONTEXT.memoryBase,           // mov rax, [rdi + memoryBase]
    0x48, 0x03, 0x47, NATIVE_CONTEXT.cpuBlock,             // add rax, [rdi + cpuBlock]
    0xc7, 0x00, ...little(value),                          // mov dword [rax + r0], value
    0xc7, 0x40, 0x04, ...little(0),                        // mov dword [rax + r0 + 4], 0
    0xc3,                                                  // ret
  ])
}

/**
 * x86-64, System V: calls helper `id` with the run's r1, again and again, `times` in all; then counts `times` helper
 * calls and one instruction, and answers r0's low half.
 */
export function callingHelper(id: number, times: number): Uint8Array {
  // biome-ignore format: one instruction a line
  return Uint8Array.from([
    0x53,                                                  // push rbx
    0x55,                                                  // push rbp
    0x48, 0x83, 0xec, 0x08,                                // sub rsp, 8
    0x48, 0x89, 0xfb,                                      // mov rbx, rdi
    0xbd, ...little(times),                                // mov ebp, times
    0x48, 0x8b, 0x43, NATIVE_CONTEXT.memoryBase,           // mov rax, [rbx + memoryBase]
    0x48, 0x03, 0x43, NATIVE_CONTEXT.cpuBlock,             // add rax, [rbx + cpuBlock]
    0x89, 0x70, CPU_BLOCK.fields.r1.offsetBytes,           // mov [rax + r1], esi
    // loop:
    0xbf, ...little(id),                                   // mov edi, id
    0xff, 0x53, NATIVE_CONTEXT.callHelper,                 // call [rbx + callHelper]
    0xff, 0x43, NATIVE_CONTEXT.helperCalls,                // inc dword [rbx + helperCalls]
    0xff, 0xcd,                                            // dec ebp
    0x75, 0xf1,                                            // jne loop
    0xff, 0x43, NATIVE_CONTEXT.executedInsns,              // inc dword [rbx + executedInsns]
    0x48, 0x8b, 0x43, NATIVE_CONTEXT.memoryBase,           // mov rax, [rbx + memoryBase]
    0x48, 0x03, 0x43, NATIVE_CONTEXT.cpuBlock,             // add rax, [rbx + cpuBlock]
    0x8b, 0x00,                                            // mov eax, [rax]
    0x48, 0x83, 0xc4, 0x08,                                // add rsp, 8
    0x5d,                                                  // pop rbp
    0x5b,                                                  // pop rbx
    0xc3,                                                  // ret
  ])
}

/** x86-64, System V: makes a tail call that never fails, to program `id`; that one is entered with rdi = context. */
export function tailCalling(id: number): Uint8Array {
  // biome-ignore format: one instruction a line
  return Uint8Array.from([
    0xff, 0x47, NATIVE_CONTEXT.tailCalls,                  // inc dword [rdi + tailCalls]
    0x48, 0x8b, 0x47, NATIVE_CONTEXT.programTable,         // mov rax, [rdi + programTable]
    0x48, 0x8b, 0x80, ...little(8 * id),                   // mov rax, [rax + 8 * id]
    0x48, 0x85, 0xc0,                                      // test rax, rax
    0x74, 0x02,                                            // je none
    0xff, 0xe0,                                            // jmp rax
    // none:
    ...returning(0xffffffff),
  ])
}

/** x86-64, System V: stores 0x5a to what r1 points at in guest memory, or to a host address that is never mapped. */
export function storingAt(where: 'guest' | 'host', andReturn = true): Uint8Array {
  // biome-ignore format: one instruction a line
  const guest = [
    0x48, 0x8b, 0x47, NATIVE_CONTEXT.memoryBase,           // mov rax, [rdi + memoryBase]
    0xc6, 0x04, 0x30, 0x5a,                                // mov byte [rax + rsi], 0x5a
  ]
  const host = [0xc6, 0x04, 0x25, 0, 0, 0, 0, 0x5a] // mov byte [0], 0x5a
  return Uint8Array.from([...(where === 'guest' ? guest : host), ...(andReturn ? returning(1) : [])])
}

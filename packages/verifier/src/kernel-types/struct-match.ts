/** Whether a pointer to one structure will do where a pointer to another is asked for. */
import type { KernelBtf } from '../verifier-api.ts'
import type { KernelStruct } from './kernel-types.ts'
import { holdsStruct } from './struct-walk.ts'

/**
 * A structure begins with its first member: a pointer to it is one to that, too. What the program's own structures hold is
 * never asked for: where one is, it must be the very one.
 *
 * @param isStrict it must be the very type
 */
export function structsMatch(
  btf: KernelBtf,
  given: KernelStruct,
  offset: number,
  wanted: KernelStruct,
  isStrict: boolean,
): boolean {
  if (offset === 0 && given === wanted) return true
  if (given.own !== undefined || wanted.own !== undefined) return false
  return !isStrict && holdsStruct(btf, given.id, offset, wanted.id)
}

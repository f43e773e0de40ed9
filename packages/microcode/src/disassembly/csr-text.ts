/** `local_csr_rd`, `local_csr_wr`, and reads and writes of the control store, which are a register of their own. */
import { fieldsOf } from '../compose.ts'
import type { Word } from '../field.ts'
import { CSR_NAMES } from './csr-names.ts'
import { Line } from './line.ts'
import { isUnrestrictedImmediate } from './operand-text.ts'

/** Number of the register through which the control store is reached. */
const STORE_DATA = 1

/** Text of a `localCsr` word. */
export function localCsrText(word: Word, contexts: 4 | 8): string {
  const { a, b, write, csr, srcLmExtn } = fieldsOf('localCsr', word)
  const line = new Line({ contexts, srcLmExtn })
  const inB = isUnrestrictedImmediate(a) && !isUnrestrictedImmediate(b)
  const source = (): Line => line.source10(inB ? b : a, inB ? 'B' : 'A')
  if (csr === STORE_DATA) {
    if (write === 0) {
      line.put('urd[')
      source().put(', *u$index0++')
    } else {
      line.put('uwr[*u$index0++, ')
      source()
    }
  } else {
    line.put(`local_csr_${write === 1 ? 'wr' : 'rd'}[${CSR_NAMES.get(csr) ?? `0x${(csr * 4).toString(16)}`}`)
    if (write === 1) {
      line.put(', ')
      source()
    }
  }
  return line.put(']').end()
}

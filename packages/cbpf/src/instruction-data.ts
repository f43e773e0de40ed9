/**
 * Classic BPF as data: one line an opcode that the kernel's checker lets pass. `instruction-table.ts` names the columns
 * and indexes the rows; nothing else reads this file.
 *
 * `register` is what is loaded, stored, computed or returned; `bytes` how much comes from the packet. `operand` says what
 * `k` is: `packet` offset, `packet_x` offset from X, `header` offset of an IP header, `cell` of M[], `number` (decimal in
 * text) or `bits` (hex in text), `target` instructions to skip; or that it is unused: `x`, `length`, `none`. `k` is what
 * the checker wants of it.
 *
 * @see bpf_check_classic, chk_code_allowed in the kernel's net/core/filter.c
 */
// biome-ignore format: table
export const INSTRUCTION_DATA = [
  // name        code  kind      mnemonic  register bytes operand     k
  // Loads of A
  ['LD_W_ABS',   0x20, 'load',   'ld',     'a',     4,    'packet',   'ancillary'],
  ['LD_H_ABS',   0x28, 'load',   'ldh',    'a',     2,    'packet',   'ancillary'],
  ['LD_B_ABS',   0x30, 'load',   'ldb',    'a',     1,    'packet',   'ancillary'],
  ['LD_W_IND',   0x40, 'load',   'ld',     'a',     4,    'packet_x', 'any'],
  ['LD_H_IND',   0x48, 'load',   'ldh',    'a',     2,    'packet_x', 'any'],
  ['LD_B_IND',   0x50, 'load',   'ldb',    'a',     1,    'packet_x', 'any'],
  ['LD_W_LEN',   0x80, 'load',   'ld',     'a',     0,    'length',   'any'],
  ['LD_IMM',     0x00, 'load',   'ld',     'a',     0,    'bits',     'any'],
  ['LD_MEM',     0x60, 'load',   'ld',     'a',     0,    'cell',     'written'],
  // Loads of X
  ['LDX_B_MSH',  0xb1, 'load',   'ldxb',   'x',     1,    'header',   'any'],
  ['LDX_W_LEN',  0x81, 'load',   'ldx',    'x',     0,    'length',   'any'],
  ['LDX_IMM',    0x01, 'load',   'ldx',    'x',     0,    'bits',     'any'],
  ['LDX_MEM',    0x61, 'load',   'ldx',    'x',     0,    'cell',     'written'],
  // Stores
  ['ST',         0x02, 'store',  'st',     'a',     0,    'cell',     'cell'],
  ['STX',        0x03, 'store',  'stx',    'x',     0,    'cell',     'cell'],
  // Arithmetic, 32 bits
  ['ADD_K',      0x04, 'alu',    'add',    'a',     0,    'number',   'any'],
  ['ADD_X',      0x0c, 'alu',    'add',    'a',     0,    'x',        'any'],
  ['SUB_K',      0x14, 'alu',    'sub',    'a',     0,    'number',   'any'],
  ['SUB_X',      0x1c, 'alu',    'sub',    'a',     0,    'x',        'any'],
  ['MUL_K',      0x24, 'alu',    'mul',    'a',     0,    'number',   'any'],
  ['MUL_X',      0x2c, 'alu',    'mul',    'a',     0,    'x',        'any'],
  ['DIV_K',      0x34, 'divide', 'div',    'a',     0,    'number',   'nonzero'],
  ['DIV_X',      0x3c, 'divide', 'div',    'a',     0,    'x',        'any'],
  ['OR_K',       0x44, 'alu',    'or',     'a',     0,    'bits',     'any'],
  ['OR_X',       0x4c, 'alu',    'or',     'a',     0,    'x',        'any'],
  ['AND_K',      0x54, 'alu',    'and',    'a',     0,    'bits',     'any'],
  ['AND_X',      0x5c, 'alu',    'and',    'a',     0,    'x',        'any'],
  ['LSH_K',      0x64, 'alu',    'lsh',    'a',     0,    'number',   'shift'],
  ['LSH_X',      0x6c, 'alu',    'lsh',    'a',     0,    'x',        'any'],
  ['RSH_K',      0x74, 'alu',    'rsh',    'a',     0,    'number',   'shift'],
  ['RSH_X',      0x7c, 'alu',    'rsh',    'a',     0,    'x',        'any'],
  ['NEG',        0x84, 'alu',    'neg',    'a',     0,    'none',     'any'],
  ['MOD_K',      0x94, 'divide', 'mod',    'a',     0,    'number',   'nonzero'],
  ['MOD_X',      0x9c, 'divide', 'mod',    'a',     0,    'x',        'any'],
  ['XOR_K',      0xa4, 'alu',    'xor',    'a',     0,    'bits',     'any'],
  ['XOR_X',      0xac, 'alu',    'xor',    'a',     0,    'x',        'any'],
  // Jumps
  ['JA',         0x05, 'goto',   'ja',     '',      0,    'target',   'target'],
  ['JEQ_K',      0x15, 'jump',   'jeq',    'a',     0,    'bits',     'branches'],
  ['JEQ_X',      0x1d, 'jump',   'jeq',    'a',     0,    'x',        'branches'],
  ['JGT_K',      0x25, 'jump',   'jgt',    'a',     0,    'bits',     'branches'],
  ['JGT_X',      0x2d, 'jump',   'jgt',    'a',     0,    'x',        'branches'],
  ['JGE_K',      0x35, 'jump',   'jge',    'a',     0,    'bits',     'branches'],
  ['JGE_X',      0x3d, 'jump',   'jge',    'a',     0,    'x',        'branches'],
  ['JSET_K',     0x45, 'jump',   'jset',   'a',     0,    'bits',     'branches'],
  ['JSET_X',     0x4d, 'jump',   'jset',   'a',     0,    'x',        'branches'],
  // Returns
  ['RET_K',      0x06, 'return', 'ret',    '',      0,    'number',   'any'],
  ['RET_A',      0x16, 'return', 'ret',    'a',     0,    'none',     'any'],
  // Moves between A and X: what is written
  ['TAX',        0x07, 'move',   'tax',    'x',     0,    'none',     'any'],
  ['TXA',        0x87, 'move',   'txa',    'a',     0,    'none',     'any'],
] as const

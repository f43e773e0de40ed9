/** What atomics are made of. `LOCK` is a prefix: it stands before the instruction that it locks. */
// biome-ignore format: table
export const LOCKED = [
  // mnemonic  operands           opcode               op/en  feature
  ['LOCK',    '',                'F0',                'ZO',  ''],
  ['XADD',    'r/m32, r32',      '0F C1 /r',          'MR',  ''],
  ['XADD',    'r/m64, r64',      'REX.W + 0F C1 /r',  'MR',  ''],
  ['XCHG',    'r/m32, r32',      '87 /r',             'MR',  ''],
  ['XCHG',    'r/m64, r64',      'REX.W + 87 /r',     'MR',  ''],
  ['CMPXCHG', 'r/m32, r32',      '0F B1 /r',          'MR',  ''],
  ['CMPXCHG', 'r/m64, r64',      'REX.W + 0F B1 /r',  'MR',  ''],
] as const

/** The layer order: a package imports from lower layers only, never sideways or up. Folders, lowest layer first. */
export const LAYERS = [
  ['packages/diagnostics'],
  ['packages/isa', 'packages/elf', 'packages/packet', 'packages/c-source', 'packages/microcode'],
  ['packages/btf', 'packages/cbpf', 'packages/guest-memory', 'packages/kernel-abi'],
  ['packages/maps', 'packages/verifier', 'packages/engine', 'packages/codegen'],
  [
    'packages/helpers',
    'packages/interpreter',
    'packages/jit-wasm',
    'packages/jit-x86_64',
    'packages/jit-arm64',
    'packages/jit-nfp',
    'packages/microengine',
  ],
  ['packages/native-exec', 'packages/loader', 'packages/output-file'],
  ['packages/kernel', 'packages/kernel-oracle', 'hw-models/device'],
  ['hw-models/generic', 'hw-models/native', 'hw-models/nfp', 'hw-models/netdevsim'],
  ['packages/testbench', 'packages/conformance'],
  ['packages/campaign', 'packages/deployment'],
  ['apps/bpfoundry'],
]

/** First layer that may import `node:` modules; everything below runs in a browser too. */
export const FIRST_NODE_LAYER = 5

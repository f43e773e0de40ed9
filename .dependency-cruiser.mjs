import { FIRST_NODE_LAYER, LAYERS } from './tools/ci/layers.mjs'

const sourceOf = (folders) => `^(${folders.join('|')})/src/`

/** One rule a package: everything of its own layer and above, itself excepted, is out of reach. */
const layerRules = LAYERS.flatMap((folders, layer) =>
  folders.map((folder) => ({
    name: `layer-${layer}-${folder.split('/')[1]}`,
    comment: 'Imports go to a lower layer only, never sideways or up (docs/architecture.md).',
    severity: 'error',
    from: { path: sourceOf([folder]) },
    to: { path: sourceOf(LAYERS.slice(layer).flat()), pathNot: sourceOf([folder]) },
  })),
)

export default {
  forbidden: [
    ...layerRules,
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-node-below-layer-5',
      comment: 'The lower packages run in a browser.',
      severity: 'error',
      from: { path: sourceOf(LAYERS.slice(0, FIRST_NODE_LAYER).flat()) },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'no-deep-imports',
      comment: "A package's index.ts is its face.",
      severity: 'error',
      from: { path: '^(packages|hw-models|apps)/([^/]+)/src/' },
      to: { path: '^(packages|hw-models|apps)/([^/]+)/src/', pathNot: ['^$1/$2/src/', '/src/index\\.ts$'] },
    },
    {
      name: 'not-to-unresolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'not-to-tests',
      severity: 'error',
      from: { pathNot: '/(test|bench|fuzz)/' },
      to: { path: '/(test|bench|fuzz)/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|node_modules)/' },
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    tsConfig: { fileName: 'tsconfig.base.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'import', 'default'],
      extensions: ['.ts', '.mjs', '.js'],
    },
  },
}

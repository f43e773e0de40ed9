/** Colours of curves, light and dark: enough apart for ten of them. */
const CURVES: readonly (readonly [light: string, dark: string])[] = [
  ['#3b74c4', '#7fb0f2'],
  ['#c8553d', '#f0927c'],
  ['#2c8a6b', '#67c7a4'],
  ['#b7791f', '#e0b15c'],
  ['#7d5ba6', '#b79be0'],
  ['#0f8b9d', '#5fc6d6'],
  ['#a8326e', '#ec8bbd'],
  ['#6a8532', '#aecb6c'],
  ['#5c6770', '#a5b0bb'],
  ['#8c5a2b', '#cf9f72'],
]

/** Colours of fates: what was wanted is calm, what was lost is warm. */
const FATES: Readonly<Record<string, readonly [light: string, dark: string]>> = {
  pass: ['#3f9d63', '#6fcf94'],
  drop: ['#5b7fb5', '#86aee6'],
  tx: ['#2aa198', '#62d3ca'],
  redirect: ['#6c71c4', '#a3a7f0'],
  received: ['#4c8c4a', '#8fd08d'],
  xsk: ['#3d8b8b', '#7cc9c9'],
  xsk_full: ['#b5762c', '#e2ad6b'],
  egress_drop: ['#75609f', '#b3a0db'],
  cpumap_full: ['#a8562e', '#de966f'],
  cpumap_drop: ['#6f7fa8', '#a7b6dd'],
  no_target: ['#96753a', '#cfae74'],
  aborted: ['#7a1f3d', '#c96a8c'],
  invalid_action: ['#8a3ea8', '#cf8fe8'],
  tx_full: ['#d08700', '#f0b84a'],
  redirect_error: ['#b8632b', '#e8996a'],
  ring_full: ['#c8372d', '#f0786e'],
  host_ring_full: ['#e0603c', '#ff9d7d'],
  too_long: ['#9b8b2f', '#d4c465'],
  too_short: ['#7c7a52', '#bfbd92'],
  link_down: ['#6d6d6d', '#b0b0b0'],
  card_removed: ['#45454f', '#8e8e9a'],
  link_lost: ['#8b2f2f', '#d47c7c'],
  link_overflow: ['#c9793a', '#efae7a'],
  unconnected: ['#80868f', '#aab0b9'],
  hop_limit: ['#5a4632', '#b39a80'],
  in_flight: ['#9aa3ae', '#c3cad2'],
}

const colours = (side: 0 | 1): string =>
  [
    ...CURVES.map((pair, index) => `.c${index} { --c: ${pair[side]}; }`),
    ...Object.entries(FATES).map(([fate, pair]) => `.f-${fate} { --c: ${pair[side]}; }`),
  ].join(' ')

/** CSS class of the n-th curve; from the eleventh on they are dashed. */
export function curveStyle(index: number): string {
  const dashed = index >= CURVES.length ? ' dashed' : ''
  return `c${index % CURVES.length}${dashed}`
}

/** CSS class of a fate. */
export function fateStyle(fate: string): string {
  return `f-${fate}`
}

/** The page's style: light and dark as the reader has it, readable on paper. */
export const PAGE_STYLE: string = `
:root { color-scheme: light dark;
  --page: #fbfbfa; --card: #fff; --ink: #1d2025; --soft: #5b626d; --line: #dfe2e6; --grid: #e9ebee; --passed: #2c7a43; --failed: #b3261e; --mark: #8a6100; }
${colours(0)}
@media (prefers-color-scheme: dark) {
  :root { --page: #15171a; --card: #1d2024; --ink: #e5e7ea; --soft: #9aa3ae; --line: #33383f; --grid: #2a2e34; --passed: #6fbf85; --failed: #f2857d; --mark: #dcb055; }
  ${colours(1)}
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.5rem 4rem; max-width: 64rem; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
h1 { margin: 0; font-size: 1.6rem; letter-spacing: -.01em; }
h2 { margin: 2.5rem 0 .6rem; font-size: 1.15rem; }
h3 { margin: 1.2rem 0 .3rem; font-size: .95rem; }
h3 small { font-weight: 400; color: var(--soft); }
p { margin: .4rem 0; max-width: 50rem; }
.facts, .hint { color: var(--soft); font-size: .9rem; }
.facts span + span::before { content: " \\b7  "; }
nav { margin: 1rem 0 0; display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; font-size: .9rem; }
a { color: inherit; text-underline-offset: 2px; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem; margin: 1.5rem 0 .5rem; }
.tiles div { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: .7rem .9rem; }
.tiles dt { color: var(--soft); font-size: .8rem; }
.tiles dd { margin: 0; font-size: 1.45rem; font-weight: 600; font-variant-numeric: tabular-nums; line-height: 1.3; }
.tiles small { display: block; font-size: .75rem; font-weight: 400; color: var(--soft); }
.passed { color: var(--passed); } .failed { color: var(--failed); }
figure { margin: 0 0 1rem; padding: .8rem .9rem .6rem; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
figcaption { font-size: .9rem; color: var(--soft); margin: 0 0 .3rem; }
@media (max-width: 42rem) { figure { overflow-x: auto; } .plot { min-width: 38rem; } }
.plot { display: block; width: 100%; height: auto; }
.plot text { font: 12px system-ui, sans-serif; fill: var(--soft); font-variant-numeric: tabular-nums; }
.plot .title { fill: var(--ink); }
.plot .grid { stroke: var(--grid); } .plot .axis { stroke: var(--soft); }
.curve { fill: none; stroke: var(--c); stroke-width: 1.8; stroke-linejoin: round; } .dashed.curve, .dashed .curve { stroke-dasharray: 5 3; }
.fill { fill: var(--c); } .fill.curve { fill-opacity: .22; stroke-width: 1.5; } .plot .fill:not(.curve) { fill-opacity: .85; }
.mark line { stroke: var(--mark); stroke-dasharray: 3 3; opacity: .8; } .plot .mark text { fill: var(--mark); font-weight: 600; font-size: 11px; }
.legend { display: flex; flex-wrap: wrap; gap: .15rem 1.2rem; margin: .2rem 0 .2rem; max-width: none; font-size: .875rem; }
.legend svg { vertical-align: -1px; } .legend small { color: var(--soft); }
.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .9rem; }
th, td { text-align: left; padding: .3rem .75rem; vertical-align: baseline; }
thead th { font-size: .8rem; font-weight: 600; color: var(--soft); border-bottom: 1px solid var(--line); }
tbody th { font-weight: 400; white-space: nowrap; }
tbody tr + tr > * { border-top: 1px solid color-mix(in srgb, var(--line) 55%, transparent); }
.numeric { text-align: right; white-space: nowrap; } .zero { color: var(--soft); opacity: .6; }
tr.sum > * { font-weight: 600; border-top: 1px solid var(--line); }
td.text { overflow-wrap: break-word; }
@media print { body { max-width: none; } figure, .scroll { break-inside: avoid; } }
`

/** The page's style: light and dark as the reader has it, readable on paper. */
export const PAGE_STYLE = `
:root {
  color-scheme: light dark;
  --page: #fbfbfa; --card: #fff; --ink: #1d2025; --soft: #5b626d; --line: #dfe2e6; --link: #0b57b7;
  --passed: #2c7a43; --failed: #b3261e; --other: #8a6100;
  --removed: #fdeaea; --added: #e6f4e8; --code: #f4f5f6;
  --read: #8d99a8; --load: #3b74c4; --run: #2c8a6b; --kernel: #b7791f;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #15171a; --card: #1d2024; --ink: #e5e7ea; --soft: #9aa3ae; --line: #33383f; --link: #8ab8f5;
    --passed: #6fbf85; --failed: #f2857d; --other: #dcb055;
    --removed: #44211f; --added: #1c3a25; --code: #181b1f;
    --read: #77828f; --load: #6b9fe4; --run: #58b394; --kernel: #d69a42;
  }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.5rem 4rem; max-width: 84rem; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { margin: 0; font-size: 1.6rem; letter-spacing: -.01em; }
h2 { margin: 2.5rem 0 .75rem; font-size: 1.15rem; }
h3 { margin: 1.25rem 0 .35rem; font-size: .95rem; overflow-wrap: anywhere; }
h3 small { font-weight: 400; color: var(--soft); }
h4 { margin: 1rem 0 .3rem; font-size: .8rem; font-weight: 600; color: var(--soft); }
a { color: var(--link); text-underline-offset: 2px; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 1px; }
code, pre, .id, .diff { font-family: ui-monospace, "SF Mono", "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: .8rem; }
.facts { margin: .3rem 0 0; color: var(--soft); }
.facts span + span::before { content: " \\b7  "; }
.note { color: var(--other); margin: .3rem 0 0; }
nav { margin: 1rem 0 0; display: flex; flex-wrap: wrap; gap: .25rem 1.1rem; }

.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: .75rem; margin: 1.5rem 0 .75rem; padding: 0; }
.tiles div { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: .7rem .9rem; }
.tiles dt { color: var(--soft); font-size: .8rem; }
.tiles dd { margin: 0; font-size: 1.5rem; font-weight: 600; font-variant-numeric: tabular-nums; line-height: 1.3; }
.tiles small { display: block; font-size: .75rem; font-weight: 400; color: var(--soft); }
.bar { display: flex; height: .6rem; border-radius: 4px; overflow: hidden; background: var(--line); }
.bar i { display: block; }
i.passed { background: var(--passed); } i.failed { background: var(--failed); } i.other { background: var(--other); opacity: .55; }
td .bar { width: 7rem; height: .45rem; }
.passed dd { color: var(--passed); } .failed dd, td.failed { color: var(--failed); }

.scroll { overflow-x: auto; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem .8rem; vertical-align: baseline; }
thead th { font-size: .8rem; font-weight: 600; color: var(--soft); border-bottom: 1px solid var(--line); white-space: nowrap; }
tbody tr + tr > * { border-top: 1px solid color-mix(in srgb, var(--line) 55%, transparent); }
tbody th { font-weight: 400; overflow-wrap: anywhere; }
.numeric { text-align: right; white-space: nowrap; }
tr.sum > * { font-weight: 600; border-top: 1px solid var(--line); }
th button { all: unset; cursor: pointer; } th button:focus-visible { outline: 2px solid var(--link); }
th[aria-sort=ascending] button::after { content: " \\2191"; } th[aria-sort=descending] button::after { content: " \\2193"; }
.narrow { max-width: 40rem; }
.zero { color: var(--soft); opacity: .6; }

.tools { position: sticky; top: 0; z-index: 1; display: none; flex-wrap: wrap; align-items: center; gap: .5rem .75rem;
  padding: .6rem 0; background: var(--page); border-bottom: 1px solid var(--line); }
.scripted .tools { display: flex; }
.tools input[type=search] { flex: 1 1 16rem; }
.tools input[type=search], select, .tools button { font: inherit; font-size: .875rem; color: inherit; background: var(--card);
  border: 1px solid var(--line); border-radius: 6px; padding: .3rem .6rem; }
.tools label { font-size: .875rem; } .tools button { cursor: pointer; }
#shown { margin-left: auto; color: var(--soft); font-size: .875rem; font-variant-numeric: tabular-nums; }
.cases { list-style: none; margin: 0; padding: 0; background: var(--card); border: 1px solid var(--line); border-radius: 8px; }
.case { content-visibility: auto; contain-intrinsic-size: auto 2.1rem; scroll-margin-top: 4rem; }
li.case:not(:first-child) { border-top: 1px solid var(--line); }
.case > button { all: unset; box-sizing: border-box; cursor: pointer; display: grid; width: 100%; padding: .4rem .8rem;
  grid-template-columns: 1rem minmax(10rem, 30rem) auto minmax(0, 1fr); gap: 0 .7rem; align-items: baseline; }
.case > button:focus-visible { outline: 2px solid var(--link); outline-offset: -2px; }
.case > button:hover { background: color-mix(in srgb, var(--link) 6%, transparent); }
.case > button::before { content: "\\25b8"; color: var(--soft); }
.case > button[aria-expanded=true]::before { content: "\\25be"; }
.id { overflow-wrap: anywhere; }
.why { color: var(--soft); font-size: .85rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.badge { display: inline-block; font-size: .75rem; line-height: 1.5; padding: 0 .5em; border-radius: 4px; border: 1px solid currentColor;
  color: var(--failed); white-space: nowrap; } .badge + .badge { margin-left: .3rem; } .badge.other { color: var(--other); }
.body { padding: .2rem 1rem 1.1rem 2.5rem; }
dl { margin: .3rem 0; display: grid; grid-template-columns: minmax(6rem, max-content) minmax(0, 1fr); gap: .15rem 1.2rem; font-size: .875rem; }
.body dt { color: var(--soft); } .body dd { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; }
pre { margin: 0; padding: .6rem .8rem; max-height: 32rem; overflow: auto; background: var(--code); border: 1px solid var(--line); border-radius: 6px; }
.diff { table-layout: fixed; background: var(--code); border: 1px solid var(--line); }
.diff col.number { width: 3.2rem; } .diff td { padding: 0 .5rem; border: 0 !important; white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.45; }
.diff td.number { text-align: right; color: var(--soft); user-select: none; }
.diff td:nth-child(3) { border-left: 1px solid var(--line) !important; }
.diff .ours { background: var(--removed); } .diff .theirs { background: var(--added); }
.diff .ours::before { content: "\\2212  "; } .diff .theirs::before { content: "+ "; } .diff .same::before { content: "  "; }
.diff .none { background: color-mix(in srgb, var(--line) 40%, transparent); }
.diff .fold { padding: .15rem .5rem; text-align: center; background: var(--card); }
.unfold { all: unset; cursor: pointer; color: var(--link); font: .8rem system-ui, sans-serif; }
details { margin: .4rem 0; } summary { cursor: pointer; } details ul { font-size: .85rem; columns: 2; overflow-wrap: anywhere; }
.plot { max-width: 100%; height: auto; } .plot text { font: 12px system-ui, sans-serif; fill: var(--ink); }
.plot .soft { fill: var(--soft); } .plot .grid { stroke: var(--line); }
.read { fill: var(--read); } .load { fill: var(--load); } .run { fill: var(--run); } .kernel { fill: var(--kernel); }
@media (max-width: 50rem) { .case > button { grid-template-columns: 1rem 1fr auto; } .why { grid-column: 2 / -1; } details ul { columns: 1; } }
@media print {
  body { max-width: none; padding: 0; font-size: 10pt; } .tools, nav { display: none !important; }
  .scroll, .cases { border: 0; overflow: visible; } .case { content-visibility: visible; break-inside: avoid-page; }
  pre { max-height: none; white-space: pre-wrap; } .why { white-space: normal; }
}
`

import type { CaseData } from './case-data.ts'

/**
 * The page's script, first part: a case's inside is made of its JSON when it is first opened. Put into the page as text, so
 * nothing outside of it may be used here.
 */
export function openCases(): void {
  /** Longer runs of equal lines are folded, but for some around what differs. */
  const FOLDED_LINES = 12
  const CONTEXT_LINES = 3
  const [ONLY_OURS, ONLY_THEIRS] = [1, 2]

  function make<Tag extends keyof HTMLElementTagNameMap>(
    tag: Tag,
    className: string,
    ...content: (string | Node)[]
  ): HTMLElementTagNameMap[Tag] {
    const element = document.createElement(tag)
    if (className !== '') element.className = className
    element.append(...content)
    return element
  }

  function block(title: string, lines: readonly string[]): Node[] {
    if (lines.length === 0) return []
    const text = make('pre', '', lines.join('\n'))
    text.tabIndex = 0
    text.setAttribute('aria-label', title)
    return [make('h4', '', title), text]
  }

  function facts(rows: CaseData['facts']): Node {
    const list = make('dl', '')
    for (const [name, value] of rows) list.append(make('dt', '', name), make('dd', '', value))
    return list
  }

  function cells(number: number | undefined, text: string | undefined, className: string): Node[] {
    if (number === undefined || text === undefined) return [make('td', 'number'), make('td', 'none')]
    return [make('td', 'number', String(number + 1)), make('td', className, text)]
  }

  function row(left: Node[], right: Node[]): HTMLTableRowElement {
    return make('tr', '', ...left, ...right)
  }

  function fold(rows: HTMLTableRowElement[]): HTMLTableRowElement[] {
    if (rows.length <= FOLDED_LINES) return rows
    const hidden = rows.slice(CONTEXT_LINES, -CONTEXT_LINES)
    const button = make('button', 'unfold', `${hidden.length} equal lines`)
    button.type = 'button'
    const cell = make('td', 'fold', button)
    cell.colSpan = 4
    const line = make('tr', '', cell)
    button.addEventListener('click', () => line.replaceWith(...hidden))
    return [...rows.slice(0, CONTEXT_LINES), line, ...rows.slice(-CONTEXT_LINES)]
  }

  function diffRows({ ours, theirs = [], diff = [] }: CaseData): HTMLTableRowElement[] {
    const rows: HTMLTableRowElement[] = []
    let [left, right] = [0, 0]
    for (let at = 0; at < diff.length; at += 2) {
      const [kind, count = 0] = [diff[at], diff[at + 1]]
      if (kind !== ONLY_OURS && kind !== ONLY_THEIRS) {
        const same = Array.from({ length: count }, (_, index) => {
          const [l, r] = [left + index, right + index]
          return row(cells(l, ours[l], 'same'), cells(r, theirs[r], 'same'))
        })
        rows.push(...fold(same))
        left += count
        right += count
        continue
      }
      // What replaces what stands side by side.
      const pair = diff[at + 2] === (kind === ONLY_OURS ? ONLY_THEIRS : ONLY_OURS) ? (diff[at + 3] ?? 0) : 0
      if (pair > 0) at += 2
      const [removed, added] = kind === ONLY_OURS ? [count, pair] : [pair, count]
      for (let index = 0; index < Math.max(removed, added); index++) {
        const [l, r] = [index < removed ? left + index : undefined, index < added ? right + index : undefined]
        rows.push(row(cells(l, ours[l ?? -1], 'only ours'), cells(r, theirs[r ?? -1], 'only theirs')))
      }
      left += removed
      right += added
    }
    return rows
  }

  function logs(data: CaseData): Node[] {
    if (data.theirs === undefined) return block('log', data.ours)
    if (data.ours.length + data.theirs.length === 0) return []
    const head = make('tr', '')
    for (const title of ['our log', "the running kernel's log"]) {
      const cell = make('th', '', title)
      cell.colSpan = 2
      cell.scope = 'colgroup'
      head.append(cell)
    }
    const columns = ['number', '', 'number', ''].map((className) => make('col', className))
    const table = make(
      'table',
      'diff',
      make('colgroup', '', ...columns),
      make('thead', '', head),
      make('tbody', '', ...diffRows(data)),
    )
    table.setAttribute('aria-label', 'both logs, side by side')
    return [make('h4', '', 'logs'), table]
  }

  function body(item: HTMLElement): HTMLElement {
    const data = JSON.parse(document.getElementById(`data-${item.id}`)?.textContent ?? '{}') as CaseData
    const inside = make('div', 'body', facts(data.facts))
    inside.append(...block('instructions', data.listing), ...block('after the fix-ups', data.xlated), ...logs(data))
    return inside
  }

  const cases = [...document.querySelectorAll<HTMLElement>('.case')]
  const buttonOf = (item: HTMLElement): HTMLButtonElement | null => item.querySelector('button')

  function setOpen(item: HTMLElement, open: boolean): void {
    buttonOf(item)?.setAttribute('aria-expanded', String(open))
    const known = item.querySelector<HTMLElement>('.body')
    if (known !== null) known.hidden = !open
    else if (open) item.append(body(item))
  }

  for (const item of cases) {
    buttonOf(item)?.addEventListener('click', () => {
      const open = buttonOf(item)?.getAttribute('aria-expanded') !== 'true'
      setOpen(item, open)
      if (open) history.replaceState(null, '', `#${item.id}`)
    })
  }

  function openNamed(): void {
    const item = cases.find(({ id }) => `#${id}` === location.hash)
    if (item === undefined) return
    setOpen(item, true)
    item.scrollIntoView()
  }
  window.addEventListener('hashchange', openNamed)

  openNamed()
}

import type { CaseData } from './case-data.ts'

/**
 * What the page does: opens cases, filters them, sorts tables. It is put into the page as text, so nothing outside of it may
 * be used here; without it the page still shows totals, tables, and a line a case.
 */
export function reportPage(): void {
  /** Longer runs of equal lines are folded, but for some around what differs. */
  const FOLDED_LINES = 12
  const CONTEXT_LINES = 3
  /** So many cases are opened at once. */
  const MOST_OPENED = 100
  const [ONLY_OURS, ONLY_THEIRS] = [1, 2]

  const byId = <Kind extends HTMLElement>(id: string): Kind | null => document.getElementById(id) as Kind | null
  const all = <Kind extends HTMLElement>(selector: string): Kind[] => [...document.querySelectorAll<Kind>(selector)]

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

  // A case's inside, made when it is first opened.

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
    const data = JSON.parse(byId(`data-${item.id}`)?.textContent ?? '{}') as CaseData
    const inside = make('div', 'body', facts(data.facts))
    inside.append(...block('instructions', data.listing), ...block('after the fix-ups', data.xlated), ...logs(data))
    return inside
  }

  const buttonOf = (item: HTMLElement): HTMLButtonElement | null => item.querySelector('button')

  function setOpen(item: HTMLElement, open: boolean): void {
    buttonOf(item)?.setAttribute('aria-expanded', String(open))
    const known = item.querySelector<HTMLElement>('.body')
    if (known !== null) known.hidden = !open
    else if (open) item.append(body(item))
  }

  const cases = all('.case')
  for (const item of cases) {
    buttonOf(item)?.addEventListener('click', () => {
      const open = buttonOf(item)?.getAttribute('aria-expanded') !== 'true'
      setOpen(item, open)
      if (open) history.replaceState(null, '', `#${item.id}`)
    })
  }

  // Search and filters.

  const search = byId<HTMLInputElement>('search')
  const deep = byId<HTMLInputElement>('deep')
  const reason = byId<HTMLSelectElement>('reason')
  const kind = byId<HTMLSelectElement>('kind')
  const shown = byId('shown')
  const texts = new Map(cases.map((item) => [item, textOf(item).toLowerCase()]))

  /** What is searched: the line, the case's name, the file that it is listed under. */
  function textOf(item: HTMLElement): string {
    const file = item.closest('.group')?.querySelector('h3')?.textContent ?? ''
    return [file, item.textContent ?? '', buttonOf(item)?.title ?? ''].join(' ')
  }

  function matches(item: HTMLElement, words: readonly string[]): boolean {
    const { reason: ownReason, kind: ownKind = '' } = item.dataset
    if (reason !== null && reason.value !== '' && reason.value !== ownReason) return false
    if (kind !== null && kind.value !== '' && !ownKind.split(' ').includes(kind.value)) return false
    const inside = deep?.checked === true ? (byId(`data-${item.id}`)?.textContent ?? '').toLowerCase() : ''
    return words.every((word) => texts.get(item)?.includes(word) === true || inside.includes(word))
  }

  function filter(): void {
    const words = (search?.value ?? '')
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== '')
    let visible = 0
    for (const item of cases) {
      item.hidden = !matches(item, words)
      if (!item.hidden) visible++
    }
    for (const group of all('.group')) group.hidden = group.querySelector('.case:not([hidden])') === null
    if (shown !== null) shown.textContent = `${visible} of ${cases.length} shown`
  }

  let timer = 0
  function filterSoon(): void {
    clearTimeout(timer)
    timer = window.setTimeout(filter, 120)
  }

  search?.addEventListener('input', filterSoon)
  for (const control of [deep, reason, kind]) control?.addEventListener('change', filter)
  byId('open')?.addEventListener('click', () => {
    for (const item of cases.filter(({ hidden }) => !hidden).slice(0, MOST_OPENED)) setOpen(item, true)
  })
  byId('close')?.addEventListener('click', () => {
    for (const item of cases) setOpen(item, false)
  })

  /** Links of the tables above: to the cases, with a filter. */
  for (const link of all('[data-filter]')) {
    link.addEventListener('click', () => {
      const { filter: name, value = '' } = link.dataset
      if (search !== null) search.value = name === 'search' ? value : ''
      if (reason !== null) reason.value = name === 'reason' ? value : ''
      if (kind !== null) kind.value = name === 'kind' ? value : ''
      filter()
    })
  }

  document.addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.target instanceof HTMLInputElement) return
    event.preventDefault()
    search?.focus()
  })

  // Tables are sorted by a click on a column's head: numbers from the largest, texts from A.

  function sortBy(table: HTMLTableElement, column: number, head: HTMLElement): void {
    const numeric = head.classList.contains('numeric')
    const down = head.getAttribute('aria-sort') === (numeric ? 'descending' : 'ascending') ? !numeric : numeric
    for (const other of table.querySelectorAll('th[aria-sort]')) other.removeAttribute('aria-sort')
    head.setAttribute('aria-sort', down ? 'descending' : 'ascending')
    const text = (line: HTMLTableRowElement): string => line.cells[column]?.textContent ?? ''
    const number = (line: HTMLTableRowElement): number => Number.parseFloat(text(line).replaceAll(',', '')) || 0
    const [first] = table.tBodies
    const lines = [...(first?.rows ?? [])].sort((a, b) =>
      numeric ? number(a) - number(b) : text(a).localeCompare(text(b), 'en', { numeric: true }),
    )
    first?.append(...(down ? lines.reverse() : lines))
  }

  for (const table of all<HTMLTableElement>('table.sortable')) {
    for (const [column, head] of [...(table.tHead?.rows[0]?.cells ?? [])].entries()) {
      head.querySelector('button')?.addEventListener('click', () => sortBy(table, column, head))
    }
  }

  function openNamed(): void {
    const item = cases.find(({ id }) => `#${id}` === location.hash)
    if (item === undefined) return
    setOpen(item, true)
    item.scrollIntoView()
  }
  window.addEventListener('hashchange', openNamed)

  document.documentElement.classList.add('scripted')
  filter()
  openNamed()
}

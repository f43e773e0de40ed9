/**
 * The page's script, second part: search, filters, links of the tables to the cases. Put into the page as text, so nothing
 * outside of it may be used here.
 */
export function filterCases(): void {
  /** So many cases are opened at once. */
  const MOST_OPENED = 100

  const byId = <Kind extends HTMLElement>(id: string): Kind | null => document.getElementById(id) as Kind | null
  const all = <Kind extends HTMLElement>(selector: string): Kind[] => [...document.querySelectorAll<Kind>(selector)]
  const buttonOf = (item: HTMLElement): HTMLButtonElement | null => item.querySelector('button')
  const isOpen = (item: HTMLElement): boolean => buttonOf(item)?.getAttribute('aria-expanded') === 'true'
  const cases = all('.case')

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
    const closed = cases.filter((item) => !item.hidden && !isOpen(item))
    for (const item of closed.slice(0, MOST_OPENED)) buttonOf(item)?.click()
  })
  byId('close')?.addEventListener('click', () => {
    for (const item of cases.filter(isOpen)) buttonOf(item)?.click()
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

  document.documentElement.classList.add('scripted')
  filter()
}

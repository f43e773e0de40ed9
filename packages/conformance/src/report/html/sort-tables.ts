/**
 * The page's script, third part: tables are sorted by a click on a column's head, numbers from the largest, texts from A. Put
 * into the page as text, so nothing outside of it may be used here.
 */
export function sortTables(): void {
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

  for (const table of document.querySelectorAll<HTMLTableElement>('table.sortable')) {
    for (const [column, head] of [...(table.tHead?.rows[0]?.cells ?? [])].entries()) {
      head.querySelector('button')?.addEventListener('click', () => sortBy(table, column, head))
    }
  }
}

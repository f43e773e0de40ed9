import { count, htmlText } from './html-text.ts'

/** A cell: text, a number, or what is HTML already. */
export type HtmlCell = string | number | { readonly html: string }

/** A column's head; numbers are right-aligned, and sorted by value. */
export interface HtmlColumn {
  readonly title: string
  readonly numeric?: boolean
}

/** A table; the first cell of each row names it. */
export function htmlTable(
  label: string,
  columns: readonly HtmlColumn[],
  rows: readonly (readonly HtmlCell[])[],
  { sortable = false, sum }: { readonly sortable?: boolean; readonly sum?: readonly HtmlCell[] } = {},
): string {
  const head = columns.map((column) => headCell(column, sortable)).join('')
  const body = rows.map((row) => `<tr>${cells(columns, row)}</tr>`).join('\n')
  const foot = sum === undefined ? '' : `<tfoot><tr class="sum">${cells(columns, sum)}</tr></tfoot>`
  return `<div class="scroll"><table${sortable ? ' class="sortable"' : ''} aria-label="${htmlText(label)}">
<thead><tr>${head}</tr></thead>
<tbody>
${body}
</tbody>${foot}
</table></div>`
}

/** A link to the cases, filtered. */
export function filterLink(filter: 'search' | 'reason' | 'kind', value: string, text: string | number): HtmlCell {
  const shown = typeof text === 'number' ? count(text) : htmlText(text)
  return { html: `<a href="#cases" data-filter="${filter}" data-value="${htmlText(value)}">${shown}</a>` }
}

function headCell({ title, numeric = false }: HtmlColumn, sortable: boolean): string {
  const text = htmlText(title)
  const inner = sortable && title !== '' ? `<button type="button">${text}</button>` : text
  return `<th scope="col"${numeric ? ' class="numeric"' : ''}>${inner}</th>`
}

function cells(columns: readonly HtmlColumn[], row: readonly HtmlCell[]): string {
  return row
    .map((cell, index) => {
      const classes = [...(columns[index]?.numeric ? ['numeric'] : []), ...(cell === 0 ? ['zero'] : [])]
      const attribute = classes.length === 0 ? '' : ` class="${classes.join(' ')}"`
      return index === 0
        ? `<th scope="row"${attribute}>${cellHtml(cell)}</th>`
        : `<td${attribute}>${cellHtml(cell)}</td>`
    })
    .join('')
}

function cellHtml(cell: HtmlCell): string {
  if (typeof cell === 'object') return cell.html
  return typeof cell === 'number' ? count(cell) : htmlText(cell)
}

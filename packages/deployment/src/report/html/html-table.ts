import { numberText } from '../figures.ts'
import { xmlText } from '../xml-text.ts'

/** A cell: text, a number, or what is HTML already. */
export type HtmlCell = string | number | { readonly html: string }

/** A table; numbers are right-aligned, zeros are faint, the first cell of each row names it. */
export function htmlTable(
  head: readonly string[],
  rows: readonly (readonly HtmlCell[])[],
  sum?: readonly HtmlCell[],
): string {
  const numeric = head.map((_, column) => rows.some((row) => typeof row[column] === 'number'))
  const titles = head.map(
    (title, column) => `<th scope="col"${numeric[column] ? ' class="numeric"' : ''}>${xmlText(title)}</th>`,
  )
  const body = rows.map((row) => `<tr>${row.map(cell).join('')}</tr>`)
  const foot = sum === undefined ? '' : `<tfoot><tr class="sum">${sum.map(cell).join('')}</tr></tfoot>`
  return `<div class="scroll"><table>
<thead><tr>${titles.join('')}</tr></thead>
<tbody>
${body.join('\n')}
</tbody>${foot}
</table></div>`
}

function cell(value: HtmlCell, column: number): string {
  const classes = typeof value === 'number' ? ` class="numeric${value === 0 ? ' zero' : ''}"` : ' class="text"'
  const text = typeof value === 'object' ? value.html : typeof value === 'number' ? numberText(value) : xmlText(value)
  return column === 0 ? `<th scope="row">${text}</th>` : `<td${classes}>${text}</td>`
}

/** The folder of a path, with the slash; empty for a bare name. */
function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1)
}

/** Where an included file may be, best first: beside the including file for quotes, then the include paths in order. */
export function includeCandidates(name: string, quoted: boolean, from: string, paths: readonly string[]): string[] {
  if (name.startsWith('/')) return [name]
  const folders = paths.map((path) => (path === '' || path.endsWith('/') ? path : `${path}/`))
  return [...(quoted ? [folderOf(from)] : []), ...folders].map((folder) => normalized(folder + name))
}

/** Without `.` and, where a folder stands before it, `..`. */
function normalized(path: string): string {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '.' || (part === '' && parts.length > 0)) continue
    const previous = parts.at(-1)
    if (part === '..' && previous !== undefined && previous !== '..' && previous !== '') parts.pop()
    else parts.push(part)
  }
  return parts.join('/')
}

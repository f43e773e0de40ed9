import type { Attribute } from '@bpfoundry/c-source'

interface Attributed {
  readonly attributes: readonly Attribute[]
}

/** The texts that attributes of a name have as their argument, in the order of the source. */
function attributeTexts({ attributes }: Attributed, name: string): string[] {
  return attributes
    .filter((attribute) => attribute.name === name)
    .flatMap((attribute) => attribute.arguments.flatMap((value) => (value.kind === 'string' ? [value.text] : [])))
}

/** The texts of its btf_decl_tag attributes in the order of the source; like clang, each once. */
export function declarationTags(declaration: Attributed): string[] {
  return [...new Set(attributeTexts(declaration, 'btf_decl_tag'))]
}

/** What SEC() says; undefined without. */
export function sectionOf(declaration: Attributed): string | undefined {
  return attributeTexts(declaration, 'section')[0]
}

export function hasAttribute({ attributes }: Attributed, name: string): boolean {
  return attributes.some((attribute) => attribute.name === name)
}

/** Bytes that `aligned` asks for, 1 without. */
export function alignedTo({ attributes }: Attributed): number {
  const values = attributes.filter(({ name }) => name === 'aligned').flatMap((attribute) => attribute.arguments)
  return values.reduce((most, value) => (value.kind === 'number' ? Math.max(most, Number(value.value)) : most), 1)
}

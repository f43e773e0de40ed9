import type { CInteger, CType } from '../c-type.ts'
import type { Expression } from '../expression.ts'
import type { Token } from '../lexer/token.ts'

/** An expression as a tree; types in it are resolved. */
export type Node =
  | NumberNode
  | StringNode
  | NameNode
  | UnaryNode
  | BinaryNode
  | ChoiceNode
  | CastNode
  | LiteralNode
  | SizeNode
  | MemberNode
  | IndexNode
  | CallNode
  | OffsetNode
  | CompatibleNode
  | UnreadNode

interface At extends Expression {
  readonly span: Token
}

export interface NumberNode extends At {
  readonly kind: 'number'
  readonly value: bigint
  readonly type: CInteger
}

export interface StringNode extends At {
  readonly kind: 'string'
  readonly text: string
}

export interface NameNode extends At {
  readonly kind: 'name'
  readonly name: string
}

export interface UnaryNode extends At {
  readonly kind: 'unary'
  readonly operator: string
  readonly operand: Node
}

export interface BinaryNode extends At {
  readonly kind: 'binary'
  readonly operator: string
  readonly left: Node
  readonly right: Node
}

/** `a ? b : c`; without b, GNU's `a ?: c`. */
export interface ChoiceNode extends At {
  readonly kind: 'choice'
  readonly condition: Node
  readonly taken: Node | undefined
  readonly otherwise: Node
}

export interface CastNode extends At {
  readonly kind: 'cast'
  readonly type: CType
  readonly operand: Node
}

/** A compound literal. */
export interface LiteralNode extends At {
  readonly kind: 'literal'
  readonly type: CType
  readonly list: ListNode
}

/** sizeof and _Alignof, of a type or of an expression. */
export interface SizeNode extends At {
  readonly kind: 'size'
  readonly of: 'size' | 'alignment'
  readonly type: CType | undefined
  readonly operand: Node | undefined
}

export interface MemberNode extends At {
  readonly kind: 'member'
  readonly record: Node
  readonly name: string
  readonly arrow: boolean
}

export interface IndexNode extends At {
  readonly kind: 'index'
  readonly array: Node
  readonly index: Node
}

export interface CallNode extends At {
  readonly kind: 'call'
  readonly callee: Node
  readonly arguments: readonly Node[]
}

/** __builtin_offsetof. */
export interface OffsetNode extends At {
  readonly kind: 'offset'
  readonly type: CType
  readonly designators: readonly Designator[]
}

/** __builtin_types_compatible_p. */
export interface CompatibleNode extends At {
  readonly kind: 'compatible'
  readonly types: readonly [CType, CType]
}

/** What is skipped: a statement expression, an assignment. */
export interface UnreadNode extends At {
  readonly kind: 'unread'
  readonly what: string
}

export type Designator =
  | { readonly kind: 'member'; readonly name: string; readonly span: Token }
  | { readonly kind: 'index'; readonly first: Node; readonly last: Node | undefined; readonly span: Token }

/** What stands in braces. */
export interface ListNode {
  readonly kind: 'list'
  readonly items: readonly ListItem[]
  readonly span: Token
}

export interface ListItem {
  readonly designators: readonly Designator[]
  readonly initializer: Node | ListNode
}

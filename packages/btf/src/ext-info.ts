/** One entry of .BTF.ext func_info: the function (a BTF FUNC type id) that starts at slot `pc` of the program. */
export interface FunctionInfo {
  readonly pc: number
  readonly typeId: number
}

/** One entry of .BTF.ext line_info, strings resolved: the source of slot `pc` and those after it. Line and column from 1; column 0 is unknown. */
export interface LineInfo {
  readonly pc: number
  readonly file: string
  readonly text: string
  readonly line: number
  readonly column: number
}

import { LoaderError } from '../loader-error.ts'

/** Objects that don't go together. */
export function linkError(message: string, input: string, got?: string, expected?: string): LoaderError {
  return new LoaderError({
    code: 'LOADER_LINK',
    message,
    where: { input },
    ...(got === undefined ? {} : { got }),
    ...(expected === undefined ? {} : { expected }),
  })
}

/** A path's last part. */
export function baseName(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1)
}

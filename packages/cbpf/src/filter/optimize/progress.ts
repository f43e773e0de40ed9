/** What a round of the optimizer changed. */
export class Progress {
  /** Anything at all: another round is worth while. */
  changed = false
  /** Statements, or ways that can't be gone any more; rounds that only move branches may go round in circles. */
  simplified = false

  simplify(): void {
    this.changed = true
    this.simplified = true
  }

  moveBranch(): void {
    this.changed = true
  }
}

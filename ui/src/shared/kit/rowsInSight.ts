// Which rows of a long list are drawn. Rows differ in height: what was measured is kept, and the rest is taken to be as
// high as the first ones were on average. That guess is then kept, so that nothing shifts while somebody scrolls; a list
// of which nothing was drawn yet takes over what its sister guessed.

export interface Sight {
  /** The first row that is drawn, and the one after the last. */
  readonly start: number
  readonly end: number
  /** Room kept for the rows before and after them, in px. */
  readonly before: number
  readonly after: number
  /** Height of the whole list. */
  readonly whole: number
}

/** Heights of a list's rows, by key, for one width and one size of letters. */
export class Heights {
  private readonly known = new Map<string, number>()
  private guess: number | undefined

  constructor(private readonly sister: { guess: number }) {}

  note(measured: readonly (readonly [string, number])[]): void {
    const isFirst = this.known.size === 0
    for (const [key, height] of measured) this.known.set(key, height)
    if (isFirst && measured.length > 0) this.sister.guess = this.guess = measured.reduce((sum, [, height]) => sum + height, 0) / measured.length
  }

  of(key: string): number {
    return this.known.get(key) ?? this.guess ?? this.sister.guess
  }
}

/** The rows between two edges, in px from the top of the list. */
export function rowsInSight(keys: readonly string[], heights: Heights, top: number, bottom: number): Sight {
  let at = 0
  let start = keys.length
  let end = keys.length
  let before: number | undefined
  let endsAt: number | undefined
  keys.forEach((key, index) => {
    const height = heights.of(key)
    if (before === undefined && at + height > top) {
      start = index
      before = at
    }
    if (endsAt === undefined && at >= bottom) {
      end = index
      endsAt = at
    }
    at += height
  })
  return { start: Math.min(start, end), end, before: Math.min(before ?? at, endsAt ?? at), after: at - (endsAt ?? at), whole: at }
}

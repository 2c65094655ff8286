// Which of a file's records are shown, and how many at first.
import type { TimelineKind, TimelineRow } from '@/backend'

/** Everything, what was done with the child, or what was reported and what came of it. */
export type TimelineOnly = 'all' | 'visits' | 'problems'

const kinds: Record<Exclude<TimelineOnly, 'all'>, readonly TimelineKind[]> = {
  visits: ['visit', 'contact', 'attempt'],
  problems: ['problem'],
}

/** Rows on the page before somebody asks for all of them. */
export const FIRST_ROWS = 6

/** The rows of one kind, newest first as they came. */
export function ofKind(rows: readonly TimelineRow[], only: TimelineOnly): readonly TimelineRow[] {
  return only === 'all' ? rows : rows.filter((row) => kinds[only].includes(row.kind))
}

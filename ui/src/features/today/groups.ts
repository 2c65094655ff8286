// Today's rows by group, groups in their fixed order; the core has ordered the rows inside each.

import type { DueGroup, TodayRow } from '@/backend'

export const groupOrder: readonly DueGroup[] = ['overdue', 'today', 'soon', 'later']

export interface Group {
  readonly group: DueGroup
  readonly rows: readonly TodayRow[]
  readonly children: number
}

/** What the rows of a group are ordered by. */
export type Order = 'date' | 'walk'

/** By date as the core says, or as she walks: houses with a number first, the others after them by date. */
export function grouped(rows: readonly TodayRow[], order: Order = 'date'): Group[] {
  return groupOrder
    .map((group) => {
      const own = rows.filter((row) => row.group === group)
      if (order === 'walk') own.sort((one, other) => house(one) - house(other))
      return { group, rows: own, children: own.reduce((sum, row) => sum + row.children.length, 0) }
    })
    .filter((entry) => entry.rows.length > 0)
}

function house(row: TodayRow): number {
  return row.walk ?? Number.MAX_SAFE_INTEGER
}

/** Nothing has passed, is due today or soon: the first of the rest is the nearest. */
export function nearestWhenIdle(rows: readonly TodayRow[]): TodayRow | null {
  return rows.every((row) => row.group === 'later') ? (rows[0] ?? null) : null
}

// Today's rows by group, groups in their fixed order; the core has ordered the rows inside each.

import type { DueGroup, TodayRow } from '@/backend'

export const groupOrder: readonly DueGroup[] = ['overdue', 'today', 'soon', 'later']

export interface Group {
  readonly group: DueGroup
  readonly rows: readonly TodayRow[]
  readonly children: number
}

export function grouped(rows: readonly TodayRow[]): Group[] {
  return groupOrder
    .map((group) => {
      const own = rows.filter((row) => row.group === group)
      return { group, rows: own, children: own.reduce((sum, row) => sum + row.children.length, 0) }
    })
    .filter((entry) => entry.rows.length > 0)
}

/** Nothing has passed, is due today or soon: the first of the rest is the nearest. */
export function nearestWhenIdle(rows: readonly TodayRow[]): TodayRow | null {
  return rows.every((row) => row.group === 'later') ? (rows[0] ?? null) : null
}

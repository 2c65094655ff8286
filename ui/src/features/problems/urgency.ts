import type { ProblemRow, ProblemState } from '@/backend'

export type Tone = 'neutral' | 'bad' | 'warn'

/** How loudly a problem is drawn; the word always stands beside it. */
export function urgencyTone(severity: string): Tone {
  if (severity === 'S1') return 'bad'
  return severity === 'S2' ? 'warn' : 'neutral'
}

export type Column = 'waiting' | 'working' | 'check' | 'closed'

export const columns: readonly Column[] = ['waiting', 'working', 'check', 'closed']

const columnOf: Record<ProblemState, Column> = {
  reported: 'waiting',
  accepted: 'working',
  in_progress: 'working',
  referred: 'working',
  resolved: 'check',
  follow_up: 'check',
  closed: 'closed',
  withdrawn: 'closed',
  merged: 'closed',
}

/** Nobody is to do anything about it any more. */
export function isOver(row: ProblemRow): boolean {
  return columnOf[row.state] === 'closed'
}

/** The board: each problem in the column of its state, in the order it came. */
export function board(rows: readonly ProblemRow[]): Record<Column, ProblemRow[]> {
  const result: Record<Column, ProblemRow[]> = { waiting: [], working: [], check: [], closed: [] }
  for (const row of rows) result[columnOf[row.state]].push(row)
  return result
}

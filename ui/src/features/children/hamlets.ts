// The children of a village by hamlet, hamlets in order of first appearance, those without one last.

import type { ChildRow } from '@/backend'

export interface Hamlet {
  /** Empty when not known. */
  readonly name: string
  readonly rows: readonly ChildRow[]
}

export function byHamlet(rows: readonly ChildRow[]): Hamlet[] {
  const hamlets = new Map<string, ChildRow[]>()
  for (const row of rows) {
    const name = row.group ?? ''
    const own = hamlets.get(name)
    if (own) own.push(row)
    else hamlets.set(name, [row])
  }
  return [...hamlets]
    .map(([name, own]) => ({ name, rows: own }))
    .sort((one, other) => Number(one.name === '') - Number(other.name === ''))
}

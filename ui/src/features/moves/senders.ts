// Stopped devices whose work waits to be looked at, and how much of it.

import type { ReviewRow } from '@/backend'

export interface Sender {
  device: string
  by: string
  count: number
}

export function sendersOf(rows: readonly ReviewRow[]): Sender[] {
  const found = new Map<string, Sender>()
  for (const row of rows) {
    // Of a sealed matter it is not said from whom it came.
    if (row.cause !== 'revoked' || row.numbered) continue
    const known = found.get(row.device) ?? { device: row.device, by: row.by, count: 0 }
    found.set(row.device, { ...known, count: known.count + 1 })
  }
  return [...found.values()]
}

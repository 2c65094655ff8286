import type { ImportPreviewView } from '@/backend'

/** What may become of a row, in the order the filter shows them. */
export const outcomes = ['new', 'changed', 'conflict', 'rejected', 'same'] as const
export type Outcome = (typeof outcomes)[number]

/** How each outcome is marked; the word always stands in the mark. */
export const outcomeTone: Record<Outcome, 'ok' | 'info' | 'warn' | 'bad' | 'neutral'> = {
  new: 'ok',
  changed: 'info',
  conflict: 'warn',
  rejected: 'bad',
  same: 'neutral',
}

/** Rows a confirmation would write. */
export function writable(preview: ImportPreviewView): number {
  return preview.new + preview.changed + preview.conflict
}

// What was just saved, for the page that says so.

import { shallowRef } from 'vue'
import type { MandatoryQuestionView, SavedView, SuggestView } from '@/backend'

export type SavedKind = 'visit' | 'filled' | 'contact' | 'attempt' | 'problem'

export interface Saved {
  readonly kind: SavedKind
  readonly child: string
  readonly view: SavedView
  /** The visit form it was reported from, still open. */
  readonly draft: string | null
}

const saved = shallowRef<Saved | null>(null)

/** Where a visit asks whether something was reported; danger now, until somebody says otherwise. */
export function questionPath(question: MandatoryQuestionView, suggests: readonly SuggestView[] = saved.value?.view.suggests ?? []) {
  const found = suggests.find((one) => one.mandatory && (one.child === question.child || one.name === ''))
  return {
    path: `/report/${question.child}`,
    query: { origin: question.record, urgency: 'now', ...(found ? { card: found.card, kind: found.kind ?? '' } : {}) },
  }
}

export function useSaved() {
  return {
    saved,
    keep(kind: SavedKind, child: string, view: SavedView, draft: string | null = null): void {
      // What the visit suggested beside what was reported now is still to be said.
      const before = saved.value
      const left = kind === 'problem' && before?.kind === 'visit' ? before.view.suggests.filter((one) => !one.mandatory) : []
      saved.value = { kind, child, view: { ...view, suggests: [...view.suggests, ...left] }, draft }
    },
    /** Questions were answered: those that are left stand. */
    drop(left: readonly MandatoryQuestionView[]): void {
      const now = saved.value
      if (now) saved.value = { ...now, view: { ...now.view, mandatory: [...left] } }
    },
  }
}

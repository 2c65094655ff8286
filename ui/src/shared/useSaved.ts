// What was just saved, for the page that says so.

import { shallowRef } from 'vue'
import type { SavedView } from '@/backend'

export type SavedKind = 'visit' | 'contact' | 'attempt' | 'problem'

export interface Saved {
  readonly kind: SavedKind
  readonly child: string
  readonly view: SavedView
  /** The visit form it was reported from, still open. */
  readonly draft: string | null
}

const saved = shallowRef<Saved | null>(null)

export function useSaved() {
  return {
    saved,
    keep(kind: SavedKind, child: string, view: SavedView, draft: string | null = null): void {
      saved.value = { kind, child, view, draft }
    },
  }
}

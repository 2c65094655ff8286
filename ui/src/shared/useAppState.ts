// Where the app stands (AppView), shared by the shell and the pages that change it.

import { inject, type InjectionKey, type ShallowRef } from 'vue'
import type { AppView } from '@/backend'

export interface AppState {
  view: ShallowRef<AppView>
  /** Takes over the state a command returned. */
  set: (view: AppView) => void
}

export const appStateKey: InjectionKey<AppState> = Symbol('app state')

export function useAppState(): AppState {
  const state = inject(appStateKey)
  if (!state) throw new Error('no app state was provided')
  return state
}

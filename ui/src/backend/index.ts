// The backend as the screens use it: `useBackend()` for calls, types by name.

import { inject, type App, type InjectionKey } from 'vue'
import { backendOver, type Backend } from './backend'
import { httpTransport, takeToken } from './http'
import { insideTauri, tauriTransport } from './tauri'

export { asProblem, BackendError, type Backend, type Changed } from './backend'
export type * from './types'

export const backendKey: InjectionKey<Backend> = Symbol('backend')

export function provideBackend(app: App, backend: Backend): void {
  app.provide(backendKey, backend)
}

export function useBackend(): Backend {
  const backend = inject(backendKey)
  if (!backend) throw new Error('no backend was provided')
  return backend
}

/** Tauri inside the shell, HTTP everywhere else. */
export function connect(): Backend {
  if (insideTauri()) return backendOver(tauriTransport())
  const token = takeToken(window.location, window.history, window.sessionStorage)
  return backendOver(httpTransport(token ?? ''))
}

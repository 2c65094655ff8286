// A backend of plain functions for component tests. Never part of a build that ships.

import { backendOver, type Backend, type Changed } from './backend'

export interface MemoryBackend extends Backend {
  /** Tells the screens that something changed. */
  change: (what: Changed) => void
}

/** Answers the commands given; every other one is refused with `no_backend`. */
export function memoryBackend(answers: Partial<Backend> = {}): MemoryBackend {
  const listeners = new Set<(what: Changed) => void>()
  const refusing = backendOver({
    call: () => Promise.reject({ code: 'no_backend', params: {} }),
    onChanged(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
  })
  return {
    ...refusing,
    ...answers,
    change(what) {
      for (const listener of listeners) listener(what)
    },
  }
}

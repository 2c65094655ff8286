// Asking the backend and keeping the answer fresh. `problem` is always drawn by the screen, never dropped.

import { onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef, type WatchSource } from 'vue'
import { asProblem, useBackend, type Backend, type Changed, type UiError } from '@/backend'
import { withStepUp } from './useStepUp'

export interface Query<T> {
  /** The newest answer; stays while a refresh runs. */
  data: ShallowRef<T | null>
  /** A first answer is on its way. */
  pending: Ref<boolean>
  /** Why there is no answer, or no newer one. */
  problem: ShallowRef<UiError | null>
  /** Asks again. */
  refresh: () => Promise<void>
}

export interface QueryOptions {
  /** Which change events make the answer stale; all of them unless given. */
  on?: readonly Changed[]
  /** Asks anew (and forgets the old answer) when this changes. */
  key?: WatchSource<unknown>
}

export function useQuery<T>(ask: (backend: Backend) => Promise<T>, options: QueryOptions = {}): Query<T> {
  const backend = useBackend()
  const data = shallowRef<T | null>(null)
  const pending = ref(true)
  const problem = shallowRef<UiError | null>(null)
  let run = 0
  let asking = false
  let again = false

  async function refresh(): Promise<void> {
    // A burst of change events costs two questions, not one per event.
    if (asking) {
      again = true
      return
    }
    asking = true
    const mine = run
    try {
      const answer = await ask(backend)
      if (mine === run) {
        data.value = answer
        problem.value = null
      }
    } catch (error) {
      if (mine === run) problem.value = asProblem(error)
    } finally {
      asking = false
      if (mine === run) pending.value = false
    }
    if (again) {
      again = false
      await refresh()
    }
  }

  if (options.key) {
    watch(options.key, () => {
      run += 1
      data.value = null
      problem.value = null
      pending.value = true
      void refresh()
    })
  }
  const stop = backend.onChanged((what) => {
    if (!options.on || options.on.includes(what)) void refresh()
  })
  onScopeDispose(() => {
    run += 1
    stop()
  })
  void refresh()
  return { data, pending, problem, refresh }
}

export interface Action<Input extends unknown[], T> {
  /** Runs it; null when it was refused (then `problem` says why), or when the person would not give the PIN again. */
  run: (...input: Input) => Promise<T | null>
  busy: Ref<boolean>
  problem: ShallowRef<UiError | null>
}

/** One thing a person does: a button that waits, and words when it is refused. */
export function useAction<Input extends unknown[], T>(act: (backend: Backend, ...input: Input) => Promise<T>): Action<Input, T> {
  const backend = useBackend()
  const busy = ref(false)
  const problem = shallowRef<UiError | null>(null)
  async function run(...input: Input): Promise<T | null> {
    if (busy.value) return null
    busy.value = true
    problem.value = null
    try {
      return await withStepUp(() => act(backend, ...input))
    } catch (error) {
      problem.value = asProblem(error)
      return null
    } finally {
      busy.value = false
    }
  }
  return { run, busy, problem }
}

// 看一下: a masked field, shown for a while. It hides itself, and on leaving nothing of it stays.

import { onMounted, onScopeDispose, onUnmounted, reactive } from 'vue'
import type { RevealFieldInput } from '@/backend'
import { useAction } from './useQuery'

export const revealKey = (field: { holder: string; key: string }): string => `${field.holder}.${field.key}`

export function useReveal() {
  /** What is open now, by {@link revealKey}. */
  const shown = reactive<Record<string, string>>({})
  const timers = new Map<string, ReturnType<typeof setTimeout>>()
  let gone = false
  const action = useAction((backend, input: RevealFieldInput) => backend.revealField(input))

  function hide(key: string): void {
    clearTimeout(timers.get(key))
    timers.delete(key)
    delete shown[key]
  }

  function hideAll(): void {
    for (const key of Object.keys(shown)) hide(key)
  }

  async function reveal(input: RevealFieldInput): Promise<void> {
    const view = await action.run(input)
    // Put down or left while it was asked for: nobody is there to look.
    if (!view || gone || document.visibilityState === 'hidden') return
    const key = revealKey(input)
    hide(key)
    shown[key] = view.text
    timers.set(
      key,
      setTimeout(() => hide(key), view.seconds * 1000),
    )
  }

  /** Hands the number to the telephone; it is drawn nowhere. */
  async function call(input: RevealFieldInput): Promise<void> {
    const view = await action.run(input)
    if (!view) return
    const link = document.createElement('a')
    link.href = `tel:${view.text}`
    link.click()
  }

  // A tablet that is put down shows nothing when it is taken up again.
  const left = () => {
    if (document.visibilityState === 'hidden') hideAll()
  }
  onMounted(() => document.addEventListener('visibilitychange', left))
  onUnmounted(() => document.removeEventListener('visibilitychange', left))
  onScopeDispose(() => {
    gone = true
    hideAll()
  })

  return { shown, reveal, hide, hideAll, call, busy: action.busy, problem: action.problem }
}

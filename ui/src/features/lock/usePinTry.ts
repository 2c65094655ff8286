// Trying a PIN: one at a time, with the waits the core imposes, and words for what was wrong.

import { computed, onUnmounted, ref, shallowRef } from 'vue'
import { asProblem, type UiError } from '@/backend'

/** `waitNow` asks how long the core makes one wait, after a wrong PIN that leaves no try without waiting. */
export function usePinTry(attempt: (pin: string) => Promise<void>, waitNow: () => Promise<number>) {
  const busy = ref(false)
  const problem = shallowRef<UiError | null>(null)
  const waitEnds = ref(0)
  const now = ref(performance.now())
  const ticking = setInterval(() => {
    now.value = performance.now()
  }, 500)
  onUnmounted(() => clearInterval(ticking))

  const wait = computed(() => Math.max(0, Math.ceil((waitEnds.value - now.value) / 1000)))
  const time = computed(() => `${Math.floor(wait.value / 60)}:${String(wait.value % 60).padStart(2, '0')}`)

  function startWait(seconds: number): void {
    now.value = performance.now()
    waitEnds.value = seconds > 0 ? now.value + seconds * 1000 : 0
  }

  async function enter(pin: string): Promise<void> {
    busy.value = true
    problem.value = null
    try {
      await attempt(pin)
    } catch (error) {
      const refused = asProblem(error)
      if (refused.code === 'pin_wait') startWait(Number(refused.params.seconds ?? 60))
      else problem.value = refused
      if (refused.code === 'wrong_pin' && Number(refused.params.left) === 0) {
        try {
          startWait(await waitNow())
        } catch (unreachable) {
          problem.value = asProblem(unreachable)
        }
      }
    } finally {
      busy.value = false
    }
  }

  return { busy, problem, wait, time, startWait, enter }
}

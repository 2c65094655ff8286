// Locks after a time without a touch, and a little after the screen went dark or another window came before it.
// How long at most is policy; on this device it may be set shorter. The core locks by itself when no page asks it
// anything for longer than that, so a page that is read and not typed on says now and then that somebody is there.

import { computed, onMounted, onUnmounted, ref } from 'vue'
import { useRoute } from 'vue-router'
import { useBackend } from '@/backend'
import type { LockRulesView } from '@/backend'
import { useAppState } from './useAppState'

export const idleMinutes = [1, 3, 5, 10, 15] as const
const KEPT = 'zoufang.idleMinutes'
const kept = Number(window.localStorage.getItem(KEPT))
const wanted = ref<number | null>((idleMinutes as readonly number[]).includes(kept) ? kept : null)

export function setIdleMinutes(value: number): void {
  wanted.value = value
  window.localStorage.setItem(KEPT, String(value))
}

/** The minutes that hold here, and those that may be chosen: never more than the policy allows. */
export function useIdleMinutes() {
  const app = useAppState()
  const most = computed(() => app.view.value.lock_rules.idle_minutes)
  const minutes = computed(() => Math.min(wanted.value ?? most.value, most.value))
  const choices = computed(() => [...new Set([...idleMinutes.filter((count) => count < most.value), most.value])])
  return { minutes, choices, setIdleMinutes }
}

/** What the lock goes by on the page that is shown. */
export function useIdleLock(lock: () => void): void {
  const backend = useBackend()
  const app = useAppState()
  const route = useRoute()
  const { minutes } = useIdleMinutes()
  // What comes of it does not matter here; a core that does not answer is another page's to tell.
  const sayHere = () => void backend.app().catch(() => undefined)
  watchIdle({ lock, sayHere }, () => {
    const rules: LockRulesView = app.view.value.lock_rules
    // A visit is talked through with the tablet on the knee; each answer is on the disk already.
    const here = route.name === 'visit' ? rules.visit_idle_minutes : minutes.value
    return { idleMs: here * 60_000, hiddenMs: rules.hidden_seconds * 1000 }
  })
}

/** How often at most the core is told that somebody touches the page. */
const SAY_MS = 60_000

interface Doings {
  readonly lock: () => void
  readonly sayHere: () => void
}

function watchIdle({ lock, sayHere }: Doings, limits: () => { idleMs: number; hiddenMs: number }): void {
  const signs = ['pointerdown', 'keydown', 'scroll'] as const
  let touched = Date.now()
  let said = touched
  let hidden: number | null = null
  let watching: ReturnType<typeof setInterval> | undefined
  const touch = () => {
    touched = Date.now()
    if (touched - said < SAY_MS) return
    said = touched
    sayHere()
  }
  // A timer alone would sleep with the tablet; the clock is asked again when the page comes back.
  const check = () => {
    const now = Date.now()
    const { idleMs, hiddenMs } = limits()
    if (now - touched >= idleMs || (hidden !== null && now - hidden >= hiddenMs)) {
      touched = now
      hidden = document.hidden ? now : null
      lock()
    }
  }
  const seen = () => {
    check()
    hidden = document.hidden ? (hidden ?? Date.now()) : null
  }
  onMounted(() => {
    for (const sign of signs) window.addEventListener(sign, touch, { passive: true, capture: true })
    document.addEventListener('visibilitychange', seen)
    watching = setInterval(check, 5_000)
  })
  onUnmounted(() => {
    for (const sign of signs) window.removeEventListener(sign, touch, { capture: true })
    document.removeEventListener('visibilitychange', seen)
    clearInterval(watching)
  })
}

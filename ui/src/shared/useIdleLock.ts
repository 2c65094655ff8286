// Locks after a time without a touch. The minutes are a setting of this device.

import { onMounted, onUnmounted, readonly, ref } from 'vue'

export const idleMinutes = [1, 3, 5, 10, 15] as const
const KEPT = 'zoufang.idleMinutes'
const kept = Number(window.localStorage.getItem(KEPT))
const minutes = ref<number>((idleMinutes as readonly number[]).includes(kept) ? kept : 5)

export function setIdleMinutes(value: number): void {
  minutes.value = value
  window.localStorage.setItem(KEPT, String(value))
}

export function useIdleMinutes() {
  return { minutes: readonly(minutes), setIdleMinutes }
}

export function useIdleLock(lock: () => void): void {
  const signs = ['pointerdown', 'keydown', 'scroll'] as const
  let touched = Date.now()
  let watching: ReturnType<typeof setInterval> | undefined
  const touch = () => {
    touched = Date.now()
  }
  // A timer alone would sleep with the tablet; the clock is asked again when the page comes back.
  const check = () => {
    if (Date.now() - touched >= minutes.value * 60_000) {
      touch()
      lock()
    }
  }
  onMounted(() => {
    for (const sign of signs) window.addEventListener(sign, touch, { passive: true, capture: true })
    document.addEventListener('visibilitychange', check)
    watching = setInterval(check, 5_000)
  })
  onUnmounted(() => {
    for (const sign of signs) window.removeEventListener(sign, touch, { capture: true })
    document.removeEventListener('visibilitychange', check)
    clearInterval(watching)
  })
}

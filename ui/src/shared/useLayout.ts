// Layout is decided in rem: a larger font gives fewer columns. Media queries would not notice the app's own font size.

import { computed, ref } from 'vue'

export const WIDE_FROM_REM = 58
/** Below this height bars at the foot scroll with the page instead of covering it. */
const LOW_BELOW_REM = 28

const BASE_PX = 18
const SCALE = 'zoufang.fontScale'
export const fontScales = [100, 125, 150, 200] as const
export type FontScale = (typeof fontScales)[number]

const columns = ref(0)
const rows = ref(LOW_BELOW_REM)
const scale = ref<FontScale>(100)

/** True when rail, list and detail stand beside each other. */
export const wide = computed(() => columns.value >= WIDE_FROM_REM)
/** True where a bar of several lines would cover too much of the page. */
export const low = computed(() => rows.value < LOW_BELOW_REM)

function measure(): void {
  const root = document.documentElement
  columns.value = window.innerWidth / ((BASE_PX * scale.value) / 100)
  root.dataset.layout = wide.value ? 'wide' : 'narrow'
  rows.value = window.innerHeight / ((BASE_PX * scale.value) / 100)
  root.dataset.room = low.value ? 'low' : 'enough'
}

/** Reads the kept font size, sets `data-layout` and `data-room`, and follows the window. Called once at start. */
export function startLayout(): void {
  readKept()
  window.addEventListener('resize', measure)
  // Another window of the same device was told to write larger.
  window.addEventListener('storage', (event) => {
    if (event.key === SCALE) readKept()
  })
}

function readKept(): void {
  const kept = Number(window.localStorage.getItem(SCALE)) as FontScale
  setFontScale(fontScales.includes(kept) ? kept : 100)
}

export function setFontScale(value: FontScale): void {
  scale.value = value
  window.localStorage.setItem(SCALE, String(value))
  document.documentElement.style.fontSize = `${(BASE_PX * value) / 100}px`
  measure()
}

export function useLayout() {
  return { wide, low, fontScale: computed(() => scale.value), setFontScale }
}

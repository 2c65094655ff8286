// Light, dark or high contrast: as somebody chose it on this device, otherwise as the system wants it and the engine tells.

import { readonly, ref } from 'vue'

export const themes = ['system', 'light', 'dark', 'contrast'] as const
export type Theme = (typeof themes)[number]

const KEPT = 'zoufang.theme'
const theme = ref<Theme>('system')

/** What the system wants. An engine that knows nothing of contrast (before Chromium 96) says no to being asked. */
const wishes = ['(prefers-contrast: more)', '(prefers-color-scheme: dark)'] as const

function wanted(): Exclude<Theme, 'system'> {
  const [contrast, dark] = wishes.map((wish) => window.matchMedia(wish).matches)
  return contrast ? 'contrast' : dark ? 'dark' : 'light'
}

function draw(): void {
  document.documentElement.dataset.theme = theme.value === 'system' ? wanted() : theme.value
}

export function startTheme(): void {
  const kept = window.localStorage.getItem(KEPT) as Theme | null
  theme.value = kept && themes.includes(kept) ? kept : 'system'
  draw()
  for (const wish of wishes) {
    const list = window.matchMedia(wish)
    list.addEventListener('change', draw)
  }
}

export function setTheme(value: Theme): void {
  theme.value = value
  window.localStorage.setItem(KEPT, value)
  draw()
}

export function useTheme() {
  return { theme: readonly(theme), setTheme }
}

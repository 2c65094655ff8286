// Light, dark or high contrast, kept on this device.

import { readonly, ref } from 'vue'

export const themes = ['light', 'dark', 'contrast'] as const
export type Theme = (typeof themes)[number]

const KEPT = 'zoufang.theme'
const theme = ref<Theme>('light')

export function startTheme(): void {
  const kept = window.localStorage.getItem(KEPT) as Theme | null
  setTheme(kept && themes.includes(kept) ? kept : 'light')
}

export function setTheme(value: Theme): void {
  theme.value = value
  window.localStorage.setItem(KEPT, value)
  document.documentElement.dataset.theme = value
}

export function useTheme() {
  return { theme: readonly(theme), setTheme }
}

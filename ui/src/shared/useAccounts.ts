// What an account on this device is called before its PIN, and how one person makes room for another.

import { useI18n } from 'vue-i18n'
import type { AccountView } from '@/backend'
import { useAppState } from './useAppState'
import { useAction } from './useQuery'

export function useAccountWords() {
  const { t, te } = useI18n()
  /** 儿童主任 · 石桥村; where the device cannot tell, the number in the list. */
  function nameOf(account: AccountView, index = 0): string {
    const role = account.role && te(`lock.role_${account.role}`) ? t(`lock.role_${account.role}`) : null
    const words = [role, account.unit].filter(Boolean)
    return words.length > 0 ? words.join(' · ') : t('lock.unknown', { number: index + 1 })
  }
  return { nameOf }
}

let goes = false

/** Nothing of the one who leaves stays in the page's memory: it is loaded anew, at its beginning. */
export function beginAnew(): void {
  // Once: whatever changes until the page is gone must not call off its going.
  if (goes) return
  goes = true
  // Told to the history alone, so that nobody goes anywhere on the old page.
  window.history.replaceState(null, '', '#/')
  window.location.reload()
}

/** 换人: locks at once and asks who it is. */
export function useSwitchUser(begin: () => void = beginAnew) {
  const app = useAppState()
  return useAction(async (backend) => {
    app.set(await backend.switchUser())
    begin()
  })
}

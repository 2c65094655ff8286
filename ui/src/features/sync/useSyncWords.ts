import { useI18n } from 'vue-i18n'
import type { SyncView } from '@/backend'
import type { IconName } from '@/shared/kit'
import { useTimeWords } from '@/shared/time/useTimeWords'
import { useAppState } from '@/shared/useAppState'

/** How the sync stands, in one short sentence and the tone it is drawn in. */
export interface SyncWords {
  text: string
  tone: 'ok' | 'info' | 'warn' | 'bad'
  icon: IconName
}

export function useSyncWords() {
  const { t } = useI18n()
  const { moment } = useTimeWords()
  const app = useAppState()

  /** The district sends nothing, so its sentences are about what it receives. */
  function here(key: string): string {
    return app.view.value.shell === 'district' ? `${key}_district` : key
  }

  /** The sentence of the strip: what needs a person first, then what is going on, then how it ended. */
  function strip(sync: SyncView): SyncWords {
    const counts = { done: sync.done, total: sync.total }
    const unsent = sync.unsent.length
    if (sync.needs_you.length > 0) {
      return { text: t('sync.strip.needs', { n: sync.needs_you.length }), tone: 'bad', icon: 'alert' }
    }
    if (sync.phase !== 'idle') {
      // How much it is nobody knows before the server's first answer.
      const text = sync.total > 0 ? t(`sync.strip.${sync.phase}`, counts) : t(`sync.phase.${sync.phase}`)
      return { text, tone: 'info', icon: 'sync' }
    }
    if (!sync.online) {
      const text = unsent > 0 ? t('sync.strip.offline_unsent', { n: unsent }) : t(here('sync.strip.offline'))
      return { text, tone: 'warn', icon: 'offline' }
    }
    if (sync.recovery?.hold) return { text: t('sync.strip.gathering'), tone: 'info', icon: 'sync' }
    if (sync.problem) return { text: t(here('sync.strip.problem')), tone: 'warn', icon: 'alert' }
    if (unsent > 0) return { text: t('sync.strip.unsent', { n: unsent }), tone: 'info', icon: 'upload' }
    const text = sync.last_success
      ? t(here('sync.strip.all_last'), { when: moment(sync.last_success) })
      : t('sync.strip.all')
    return { text, tone: 'ok', icon: 'delivered' }
  }

  return { strip }
}

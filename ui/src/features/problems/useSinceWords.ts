// Since when something is so: a day, or that nobody knows.

import { useI18n } from 'vue-i18n'
import { useDates } from '@/shared/dates'

export function useSinceWords(): (since: string) => string {
  const { t } = useI18n()
  const { fullDate } = useDates()
  return (since) => (since === 'unknown' ? t('problems.origin.unknown') : fullDate(since))
}

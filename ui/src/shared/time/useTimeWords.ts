import { useI18n } from 'vue-i18n'
import { useDates } from '@/shared/dates'
import { civilDaysBetween, span } from './moments'

/** Moments as a person says them: 今天 09:20, 9 天前, 3 小时. */
export function useTimeWords(now: () => number = () => Date.now()) {
  const { t } = useI18n()
  const dates = useDates()

  /** Whole civil days since a moment. */
  const daysSince = (at: string) => civilDaysBetween(Date.parse(at), now())

  /** `今天 09:20`, `昨天 18:42`, `11月19日 09:20`. */
  function moment(at: string): string {
    const days = daysSince(at)
    if (days === 0) return t('time.today_at', { time: dates.clock(at) })
    if (days === 1) return t('time.yesterday_at', { time: dates.clock(at) })
    return dates.moment(at)
  }

  /** `今天`, `昨天`, `9 天前`. */
  function ago(at: string): string {
    const days = daysSince(at)
    if (days <= 0) return t('time.today')
    return days === 1 ? t('time.yesterday') : t('time.days_ago', { n: days })
  }

  /** How long it has lasted: `3 小时`, `2 天`. */
  function lasting(since: string): string {
    const { unit, n } = span(now() - Date.parse(since))
    return t(`time.${unit}`, { n })
  }

  return { moment, ago, daysSince, lasting }
}

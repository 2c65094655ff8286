// A due date in words: what, when it may be done, how far off it is. The core counts; this only writes.

import { useI18n } from 'vue-i18n'
import type { DueView } from '@/backend'
import type { IconName } from './kit/icons'
import { useDates } from './dates'

export type DueTone = 'warn' | 'info' | 'neutral'

export function useDueWords() {
  const { t } = useI18n()
  const dates = useDates()
  return {
    what: (due: DueView) => t(`due.kind.${due.kind}`),
    icon: (due: DueView): IconName => (due.kind === 'visit' ? 'visit' : 'contact'),
    /** 可做：10月24日–11月23日 */
    period: (due: DueView) =>
      due.from === due.due
        ? t('due.period_day', { day: dates.monthDay(due.due) })
        : t('due.period', { from: dates.monthDay(due.from), to: dates.monthDay(due.due) }),
    /** 已过 6 天, 今天, 还有 3 天 */
    distance(due: DueView): string {
      if (due.days_over > 0) return t('due.over', { count: due.days_over })
      if (due.days_over === 0) return t('due.today')
      return t('due.left', { count: -due.days_over })
    },
    tone: (due: DueView): DueTone => (due.days_over > 0 ? 'warn' : due.days_over === 0 ? 'info' : 'neutral'),
  }
}

/** 女 9 岁 */
export function usePersonWords() {
  const { t, te } = useI18n()
  return (person: { sex: string; age: number | null }) => {
    const sex = te(`due.sex.${person.sex}`) ? t(`due.sex.${person.sex}`) : ''
    const age = person.age === null ? '' : t('due.age', { age: person.age })
    return [sex, age].filter((word) => word !== '').join(' ')
  }
}

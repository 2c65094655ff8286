// Numbers and days of a report in words.

import { useI18n } from 'vue-i18n'
import type { CountView } from '@/backend'
import { useDates } from '@/shared/dates'

export function useReportWords() {
  const { t } = useI18n()
  const { monthDay } = useDates()
  return {
    /** 12, or 1–4. */
    count: (count: CountView) => (count.least === count.most ? String(count.least) : t('district.range', { ...count })),
    /** 今天, or 11月20日（3 天前）. */
    day: (report: { day: string | null; days: number | null }) => {
      if (!report.day) return t('district.never')
      return report.days ? t('district.ago', { day: monthDay(report.day), n: report.days }) : t('district.today')
    },
  }
}

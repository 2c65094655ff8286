// Civil dates (YYYY-MM-DD) and moments in the words of the screen. The core counts days; this only writes them.

import { useI18n } from 'vue-i18n'

export function splitDate(date: string): { year: number; month: number; day: number } {
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number)
  return { year, month, day }
}

export function joinDate(year: number, month: number, day: number): string {
  return `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`
}

/** The civil date `days` after `date`; negative goes back. */
export function addDays(date: string, days: number): string {
  const { year, month, day } = splitDate(date)
  const moment = new Date(Date.UTC(year, month - 1, day + days))
  return joinDate(moment.getUTCFullYear(), moment.getUTCMonth() + 1, moment.getUTCDate())
}

export function daysInMonth(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate()
}

function noon(date: string): Date {
  const { year, month, day } = splitDate(date)
  return new Date(Date.UTC(year, month - 1, day, 4))
}

/** Writers for dates in the app's language, always in the time of Shanghai. */
export function useDates() {
  const { locale } = useI18n()
  const format = (value: Date, options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(locale.value, { timeZone: 'Asia/Shanghai', ...options }).format(value)
  return {
    /** 11月23日 */
    monthDay: (date: string) => format(noon(date), { month: 'long', day: 'numeric' }),
    /** 2026年11月23日 */
    fullDate: (date: string) => format(noon(date), { year: 'numeric', month: 'long', day: 'numeric' }),
    /** 星期一 */
    weekday: (date: string) => format(noon(date), { weekday: 'long' }),
    /** 11月23日 10:42 */
    moment: (at: string) =>
      `${format(new Date(at), { month: 'long', day: 'numeric' })} ${format(new Date(at), { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })}`,
    /** 10:42 */
    clock: (at: string) => format(new Date(at), { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }),
  }
}

import { useI18n } from 'vue-i18n'
import type { ReturnedLine, ReturnedRow } from '@/backend'
import { useDates } from '@/shared/dates'
import { useTimeWords } from '@/shared/time/useTimeWords'

const CIVIL_DATE = /^\d{4}-\d{2}-\d{2}$/

/** What a returned record says, in the words of the file and the forms. */
export function useReturnedWords() {
  const { t, te } = useI18n()
  const { moment } = useTimeWords()
  const { fullDate } = useDates()

  function label(line: ReturnedLine): string {
    const key = `returned.${line.key}`
    return line.label ?? (te(key) ? t(key) : t('returned.entries.other'))
  }

  function value(text: string): string {
    if (text === '') return t('returned.emptied')
    return CIVIL_DATE.test(text) ? fullDate(text) : text
  }

  function reason(code: string): string {
    return te(`refusals.${code}`) ? t('sync.reason', { reason: t(`refusals.${code}`) }) : t('sync.unknown', { code })
  }

  function next(code: string): string | null {
    return te(`sync.next.${code}`) ? t(`sync.next.${code}`) : null
  }

  /** The whole record as plain lines, to be read out on the telephone, copied or printed. */
  function plain(row: ReturnedRow): string {
    const lines = [row.text, moment(row.at), reason(row.reason)]
    for (const part of row.parts) {
      lines.push('')
      if (part.text !== row.text) lines.push(`${part.text} ${moment(part.at)}`)
      if (part.sealed) lines.push(t('returned.sealed'))
      for (const line of part.lines) {
        const before = line.before === null ? '' : `（${t('returned.was')} ${line.before}）`
        lines.push(`${label(line)}：${value(line.after)}${before}`)
      }
    }
    return lines.join('\n')
  }

  return { label, value, reason, next, plain }
}

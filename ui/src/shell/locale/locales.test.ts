import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { messagesOf } from '.'

const root = `${process.cwd()}/src/locales`

function keysOf(value: unknown, path: string): string[] {
  if (typeof value !== 'object' || value === null) return [path]
  return Object.entries(value).flatMap(([key, inner]) => keysOf(inner, path === '' ? key : `${path}.${key}`))
}

function words(locale: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const file of readdirSync(`${root}/${locale}`)) {
    const name = file.replace(/\.json$/, '')
    const tree: unknown = JSON.parse(readFileSync(`${root}/${locale}/${file}`, 'utf8'))
    for (const key of keysOf(tree, '')) {
      const value = key.split('.').reduce<unknown>((inner, part) => (inner as Record<string, unknown>)[part], tree)
      found.set(`${name}.${key}`, String(value))
    }
  }
  return found
}

const chinese = words('zh-CN')
const english = words('en')

test('both languages have the same keys', () => {
  expect([...english.keys()].sort()).toEqual([...chinese.keys()].sort())
})

test('both languages use the same placeholders', () => {
  const names = (text: string | undefined) => [...(text ?? '').matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort()
  for (const [key, text] of chinese) {
    const own = names(text)
    const other = names(english.get(key))
    expect({ key, names: other }).toEqual({ key, names: own })
  }
})

test('every file is loaded under its own name', () => {
  expect(Object.keys(messagesOf('zh-CN')).sort()).toEqual([...new Set([...chinese.keys()].map((key) => key.split('.')[0]))].sort())
})

// The codes a command may be refused with; a person reads a sentence for each.
const errorCodes =
  'no_backend wrong_token internal wrong_pin pin_wait pin_format pin_common locked not_enrolled already_enrolled folder_in_use enrol_address enrol_code_wrong enrol_code_expired enrol_code_used enrol_code_burnt enrol_not_confirmed enrol_wrong_server no_network server_nonsense server_refused clock_wrong not_found not_allowed date_future date_invalid name_missing birth_invalid reason_missing text_missing party_missing state_missing nothing_answered draft_gone form_exists form_invalid form_known form_older supervisor_needed number_invalid decimal_invalid disk_full not_a_spreadsheet ledger_unknown ledger_empty ledger_too_large import_gone village_exists region_invalid value_invalid id_no_real too_large store_moved_aside store_damaged form_unknown conflict_gone storage_busy too_new recovery_needed still_loading answer_invalid'.split(' ')
const refusalCodes =
  'not_your_unit bad_signature bad_chain actor_mismatch hash_mismatch malformed too_large too_many_ops start_op seq_reused generation kind_denied unknown_device device_revoked unknown_document held_missing not_applicable quarantined erased'.split(' ')

test('every code has words', () => {
  for (const code of errorCodes) expect(chinese.get(`errors.${code}`), code).toBeTruthy()
  for (const code of refusalCodes) expect(chinese.get(`refusals.${code}`), code).toBeTruthy()
})

test('the words never label a child and never scold', () => {
  for (const [key, text] of chinese) {
    expect({ key, text: /困境|逾期|提交失败|异常|同步冲突|缓存|会话过期|权限不足|对象/.test(text) ? text : '' }).toEqual({ key, text: '' })
  }
})

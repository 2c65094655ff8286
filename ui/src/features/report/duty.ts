// What is typed on the page of duties. It is kept with the report while it is typed: the call the page asks for puts the app
// away, and the app locks behind it.

import type { MandatoryInput } from '@/backend'
import type { Words } from '@/features/sheets/useSheet'

export interface Duty {
  /** reported | not_such_case; nothing before one is chosen. */
  choice: string
  text: string
  whom: string
  /** The day of the call. What was typed yesterday is of yesterday when the page comes back. */
  day: string
  time: string
  receipt: string
  /** Nothing while it is typed, `done` once she went on with it, `edit` while she opens it again. */
  stage: '' | 'done' | 'edit'
  /** The type and the urgency it was said of. */
  about: string[]
}

export function blank(today: string): Duty {
  return { choice: '', text: '', whom: '', day: today, time: '', receipt: '', stage: '', about: [] }
}

/** What is said to the core, once she went on with it. */
export function given(duty: Duty): MandatoryInput {
  const input: MandatoryInput = { choice: duty.choice, text: duty.text.trim() }
  if (duty.choice !== 'reported') return { ...input, about: duty.about }
  input.whom = duty.whom
  if (duty.time) input.at = `${duty.day} ${duty.time}`
  if (duty.receipt.trim()) input.receipt = duty.receipt.trim()
  return input
}

/** The day and the minute on the wall in Shanghai, as the core reads them. */
function onTheWall(now: Date): { day: string, time: string } {
  const clock = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai', dateStyle: 'short', timeStyle: 'short' })
  const [day = '', time = ''] = clock.format(now).split(' ')
  return { day, time }
}

/**
 * She goes on with it. A call of today without an hour was made now, and stays so when the report is saved tomorrow. A page
 * that stood open over midnight has yesterday for today: the day is the one of the minute.
 */
export function settled(duty: Duty, about: string[], today: string, now: Date): Duty {
  const isNow = duty.choice === 'reported' && duty.time === '' && duty.day === today
  return { ...duty, ...(isNow ? onTheWall(now) : {}), stage: 'done', about }
}

/** A call of an earlier day has an hour; without one it would be told as made now. */
export function lacksTime(duty: Duty, today: string): boolean {
  return duty.choice === 'reported' && duty.day !== today && duty.time === ''
}

/** What was said with another visit is no answer to this one. A call said with none may be its call: she looks at it again. */
export function carried(duty: Duty, from: string, to: string, today: string): Duty {
  if (from === to) return duty
  return from === '' && duty.choice === 'reported' ? { ...duty, stage: 'edit' } : blank(today)
}

const KEPT = ['choice', 'text', 'whom', 'receipt', 'stage'] as const

export function toWords(duty: Duty): Words {
  const words: Words = { 'duty.at': [`${duty.day} ${duty.time}`], 'duty.about': duty.about }
  for (const key of KEPT) words[`duty.${key}`] = [duty[key]]
  return words
}

/** What was left the last time. An older app kept nothing before she went on, and did not say of what; it is of what stands there. */
export function fromWords(words: Words, today: string, about: string[]): Duty {
  const said = (key: string) => words[`duty.${key}`]?.[0] ?? ''
  const [day, time] = said('at').split(' ')
  const stage = words['duty.stage'] ? said('stage') : said('choice') && 'done'
  return {
    choice: said('choice'),
    text: said('text'),
    whom: said('whom'),
    day: day || today,
    time: time ?? '',
    receipt: said('receipt'),
    stage: stage === 'done' || stage === 'edit' ? stage : '',
    about: words['duty.about'] ?? about,
  }
}

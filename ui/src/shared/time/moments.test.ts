import { expect, test } from 'vitest'
import { civilDay, civilDaysBetween, countdown, span } from './moments'

test('a moment late in the utc evening belongs to the next day in the village', () => {
  expect(civilDay(Date.parse('2026-11-23T16:30:00Z'))).toBe('2026-11-24')
})

test('yesterday evening is one day before this morning', () => {
  expect(civilDaysBetween(Date.parse('2026-11-22T15:59:00Z'), Date.parse('2026-11-22T16:01:00Z'))).toBe(1)
})

test('a length is told in its largest unit', () => {
  expect(span(30_000)).toEqual({ unit: 'moments', n: 0 })
  expect(span(5 * 60_000)).toEqual({ unit: 'minutes', n: 5 })
  expect(span(26 * 3_600_000)).toEqual({ unit: 'days', n: 1 })
})

test('the countdown never goes below zero', () => {
  expect(countdown(10_000, 0)).toBe('0:10')
  expect(countdown(605_000, 0)).toBe('10:05')
  expect(countdown(0, 5_000)).toBe('0:00')
})

// The children of a village by hamlet: 一组, 二组, … in counting order, named ones after, those without one last.

import type { ChildRow } from '@/backend'

export interface Hamlet {
  /** Empty when not known. */
  readonly name: string
  readonly rows: readonly ChildRow[]
}

export function byHamlet(rows: readonly ChildRow[]): Hamlet[] {
  const hamlets = new Map<string, ChildRow[]>()
  for (const row of rows) {
    const name = row.group ?? ''
    const own = hamlets.get(name)
    if (own) own.push(row)
    else hamlets.set(name, [row])
  }
  return [...hamlets]
    .map(([name, own]) => ({ name, rows: own }))
    .sort((one, other) => place(one.name) - place(other.name) || one.name.localeCompare(other.name, 'zh-CN'))
}

const DIGITS = '零一二三四五六七八九'

/** 十二组 and 12组 stand at 12; a name without a number stands after all numbers, no name at the very end. */
function place(name: string): number {
  if (name === '') return 1_000_000
  const arabic = /\d+/.exec(name)
  if (arabic) return Number(arabic[0])
  const chinese = /[一二三四五六七八九十]+/.exec(name)
  if (!chinese) return 1_000
  const [tens, ones] = chinese[0].includes('十') ? chinese[0].split('十') : ['', chinese[0]]
  const value = (text: string | undefined) => Math.max(0, DIGITS.indexOf(text ?? ''))
  return (chinese[0].includes('十') ? (tens ? value(tens) : 1) * 10 : 0) + (ones ? value(ones) : 0)
}

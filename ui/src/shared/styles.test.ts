// What every stylesheet keeps to, so that a theme, a language that runs the other way and an old engine need no second look.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

interface Rule {
  readonly file: string
  readonly selector: string
  readonly declarations: readonly (readonly [property: string, value: string])[]
}

const root = `${process.cwd()}/src`
const files = readdirSync(root, { recursive: true }).map(String).filter((name) => /\.(vue|css)$/.test(name))

function stylesOf(file: string): string {
  const text = readFileSync(join(root, file), 'utf8')
  const styles = file.endsWith('.css') ? [text] : [...text.matchAll(/<style[^>]*>([\s\S]*?)<\/style>/g)].map((match) => match[1] ?? '')
  return styles.join('\n').replace(/\/\*[\s\S]*?\*\//g, '')
}

/** Innermost blocks: what stands around them (a media query, key frames) declares nothing itself. */
const rules: Rule[] = files.flatMap((file) =>
  [...stylesOf(file).matchAll(/([^{}]+)\{([^{}]*)\}/g)].map((match) => ({
    file,
    selector: (match[1] ?? '').replace(/\s+/g, ' ').trim(),
    declarations: (match[2] ?? '')
      .split(';')
      .map((line) => line.trim())
      .filter((line) => line.includes(':'))
      .map((line) => [line.slice(0, line.indexOf(':')).trim(), line.slice(line.indexOf(':') + 1).trim()] as const),
  })),
)

function offences(isOne: (property: string, value: string, rule: Rule) => boolean): string[] {
  return rules.flatMap((rule) =>
    rule.declarations.filter(([property, value]) => isOne(property, value, rule)).map(([property, value]) => `${rule.file}: ${rule.selector} { ${property}: ${value} }`),
  )
}

const value = (rule: Rule, property: string) => rule.declarations.find(([name]) => name === property)?.[1]
const isTurned = (rule: Rule) => rule.selector.includes("[dir='rtl']")

test('there are stylesheets to look at', () => {
  expect(rules.length).toBeGreaterThan(300)
})

test('colours have names, and only the tokens say what they are', () => {
  const named = /\b(white|black|red|green|blue|yellow|orange|gr[ae]y|silver|pink|purple|brown)\b/
  const literal = /#[0-9a-f]{3,8}\b|\b(rgb|hsl)a?\(|\b(lab|lch|oklch|color)\(/i
  const found = offences((property, text, rule) => rule.file !== join('shared', 'tokens.css') && !property.startsWith('font') && (literal.test(text) || named.test(text)))
  expect(found).toEqual([])
})

test('every name that is used is one that was given', () => {
  const given = new Set(rules.flatMap((rule) => rule.declarations.map(([property]) => property).filter((name) => name.startsWith('--'))))
  const used = (text: string) => [...text.matchAll(/var\((--[\w-]+)/g)].map((match) => match[1] ?? '')
  expect(offences((_, text) => used(text).some((name) => !given.has(name) && !name.startsWith('--reka')))).toEqual([])
})

test('every theme says every colour that the others say', () => {
  const tokens = rules.filter((rule) => rule.file === join('shared', 'tokens.css'))
  const colours = (selector: string) =>
    tokens
      .filter((rule) => rule.selector.includes(selector))
      .flatMap((rule) => rule.declarations.filter(([, text]) => /^#|^rgba/.test(text)).map(([name]) => name))
      .sort()
  const light = colours(':root').filter((name, at, all) => all.indexOf(name) === at && name !== '--paper')
  expect(colours("[data-theme='dark']")).toEqual(light)
})

test('what stands at a side is at the start or the end of the words, not left or right', () => {
  const physical = /^(margin|padding|border)-(left|right)(-|$)|^border-(top|bottom)-(left|right)-radius$|^float$|^clear$/
  expect(offences((property) => physical.test(property))).toEqual([])
  expect(offences((property, text) => property === 'text-align' && /left|right/.test(text))).toEqual([])
  const uneven = (text: string) => {
    const [, right, , left] = text.split(/\s+(?![^(]*\))/)
    return left !== undefined && left !== right
  }
  expect(offences((property, text) => /^(margin|padding|border-width|border-style)$/.test(property) && uneven(text))).toEqual([])
})

test('a place that is left or right has its counterpart where the words run the other way', () => {
  // The engine of 2020 knows no logical places and corners, so these are written twice.
  const turns = (rule: Rule) => rules.some((other) => other.file === rule.file && isTurned(other) && other.selector.includes(rule.selector.split(',')[0] ?? ''))
  const even = (rule: Rule) => {
    const [left, right, width] = ['left', 'right', 'width'].map((name) => value(rule, name))
    return left === right || left === '50%' || (left === '0' && width === '100%')
  }
  expect(offences((property, _, rule) => /^(left|right)$/.test(property) && !isTurned(rule) && !even(rule) && !turns(rule))).toEqual([])
  const sided = (property: string, text: string) =>
    (property === 'border-radius' && /\s/.test(text)) || (property === 'box-shadow' && /(^|inset )-?[1-9]/.test(text)) || (property === 'transform' && /translateX|translate\(-?[1-9.]/.test(text))
  const isEven = (text: string) => text.includes('translate(-50%, -50%)')
  expect(offences((property, text, rule) => sided(property, text) && !isEven(text) && !isTurned(rule) && !turns(rule) && rule.selector !== 'to')).toEqual([])
})

test('nothing is newer than the engine of 2020', () => {
  const newer = /^(inset|aspect-ratio|accent-color|content-visibility|contain-intrinsic-size|translate|rotate|scale|text-wrap|border-(start|end)-(start|end)-radius)/
  expect(offences((property) => newer.test(property))).toEqual([])
  expect(offences((property, _, rule) => /^(row-|column-)?gap$/.test(property) && /flex/.test(value(rule, 'display') ?? ''))).toEqual([])
  const selectors = rules.filter((rule) => /:is\(|:where\(|:has\(/.test(rule.selector) || /(?<!:not\():focus-visible/.test(rule.selector))
  expect(selectors.map((rule) => `${rule.file}: ${rule.selector}`)).toEqual([])
})

// Runs in the page, before anything of it.

/**
 * A made-up language that runs from right to left. It is made of the Chinese words as they are drawn: three signs become
 * one word of Arabic letters; what stands isolated (names) stays as it is, so both kinds meet in a line as they would.
 */
export function pseudoLanguage() {
  const letters = [...'ابتثجحخدذرزسشصضطظعغفقكلمنهوي']
  const letter = (sign, turn) => letters[(sign.codePointAt(0) >> turn) % letters.length]
  const word = (signs) => [...signs].map((sign) => letter(sign, 0) + letter(sign, 3)).join('')
  const said = (text) => text.replace(/[\u3400-\u9fff]+/g, (run) => run.match(/.{1,3}/g).map(word).join(' '))
  const isChinese = (text) => /[\u3400-\u9fff]/.test(text)
  const turnAll = (node) => {
    if (node.nodeType === Node.TEXT_NODE) {
      if (isChinese(node.data) && !node.parentElement?.closest('script, style, bdi, [data-verbatim]')) node.data = said(node.data)
      return
    }
    for (const name of ['placeholder', 'aria-label']) {
      const text = node.getAttribute?.(name)
      if (text && isChinese(text)) node.setAttribute(name, said(text))
    }
    for (const child of node.childNodes) turnAll(child)
  }
  new MutationObserver((changes) => {
    if (document.documentElement.dir !== 'rtl') document.documentElement.dir = 'rtl'
    for (const change of changes) {
      if (change.type === 'childList') change.addedNodes.forEach(turnAll)
      else turnAll(change.target)
    }
  }).observe(document, { childList: true, subtree: true, characterData: true, attributeFilter: ['placeholder', 'aria-label'] })
}

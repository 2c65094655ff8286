// The one place something is printed from. A page stands on paper only after the core gave it a number and wrote it into the
// trail; whatever else prints – Ctrl+P, a menu – gets an empty sheet (base.css).

const MARK = 'data-paper'
/** Not every window system says when printing is over: whatever is tapped or typed next ends it, too. */
const ENDS = ['afterprint', 'pointerdown', 'keydown']

/** Prints what is on the screen, or the dialog over it alone. */
export function toPaper(part: 'page' | 'dialog'): void {
  const root = document.documentElement
  function end(): void {
    for (const event of ENDS) window.removeEventListener(event, end, true)
    root.removeAttribute(MARK)
  }
  root.setAttribute(MARK, part)
  for (const event of ENDS) window.addEventListener(event, end, true)
  window.print()
}

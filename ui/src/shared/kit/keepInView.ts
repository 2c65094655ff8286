// The on-screen keyboard shrinks the page after the focus; the field then goes back to the middle.

export function keepInView(event: FocusEvent): void {
  const field = event.target as HTMLElement
  const toMiddle = () => {
    if (document.activeElement === field) field.scrollIntoView?.({ block: 'center' })
  }
  window.addEventListener('resize', toMiddle, { once: true })
  field.addEventListener('blur', () => window.removeEventListener('resize', toMiddle), { once: true })
}

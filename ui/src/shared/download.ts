// A file out of the app: bytes or text handed to the browser as a file to keep.

const spreadsheet = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'

/** Hands base64 bytes to the browser as a file to keep. */
export function download(base64: string, name: string): void {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))
  keep(new Blob([bytes], { type: name.endsWith('.txt') ? 'text/plain' : spreadsheet }), name)
}

/** Hands a text to the browser as a file to keep. */
export function downloadText(text: string, name: string): void {
  keep(new Blob([text], { type: 'text/plain' }), name)
}

function keep(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  document.body.appendChild(link)
  link.click()
  link.remove()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

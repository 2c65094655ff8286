// A photo, a signature or a recording in the hands of the screen: opened piece by piece, drawn without leaving the device.

import type { AttachmentView, Backend } from '@/backend'

/** What was opened. */
export interface Opened {
  readonly mediaType: string
  /** For `src`. */
  readonly url: string
  /** The strokes of a signature. */
  readonly drawing: Drawing | null
}

/** A signature: points x, y, x, y … of each stroke, in a field of this size. */
export interface Drawing {
  readonly width: number
  readonly height: number
  readonly strokes: number[][]
}

/** Opens an attachment or its small picture. The core fetches a second's worth per call, so this asks until it is there. */
export async function openAttachment(
  backend: Backend,
  row: AttachmentView,
  thumb: boolean,
  onProgress: (done: number, total: number) => void = () => {},
  isLeft: () => boolean = () => false,
): Promise<Opened | null> {
  while (!isLeft()) {
    const view = await backend.openAttachment({ document: row.document, id: row.id, thumb })
    onProgress(view.done, view.total)
    if (view.data === null) continue
    const isDrawing = view.media_type === 'application/json'
    return {
      mediaType: view.media_type,
      url: isDrawing ? '' : `data:${view.media_type};base64,${view.data}`,
      drawing: isDrawing ? (JSON.parse(atob(view.data)) as Drawing) : null,
    }
  }
  return null
}

/** The path of a stroke as SVG has it. */
export function strokePath(stroke: readonly number[]): string {
  let path = ''
  for (let at = 0; at + 1 < stroke.length; at += 2) path += `${at === 0 ? 'M' : 'L'}${stroke[at]} ${stroke[at + 1]}`
  // A dot is a stroke too.
  return stroke.length === 2 ? `${path}l0.1 0` : path
}

/** A chosen file as base64. */
export function readFile(file: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader()
    reader.onload = () => resolve(String(reader.result).replace(/^[^,]*,/, ''))
    reader.onerror = () => reject(reader.error ?? new Error('unreadable'))
    reader.readAsDataURL(file)
  })
}

/** A size a person can read. */
export function sizeWords(bytes: number): string {
  return bytes < 1_000_000 ? `${Math.max(1, Math.round(bytes / 1000))} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`
}

import { memoryBackend } from '@/backend/memory'
import type { Backend } from '@/backend'

export function demoBackend(): Backend {
  return memoryBackend()
}

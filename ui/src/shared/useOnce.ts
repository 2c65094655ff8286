// A name for what is saved. Whenever the same is tried again it is the same, so that a second try files nothing twice; whatever
// was changed since is something of its own, and gets a name of its own.

/** A random UUID. `crypto.randomUUID` is newer than the browser in some tablets. */
function name(): string {
  const bytes = window.crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

export function useOnce(): <T extends object>(input: T) => T & { record: string } {
  const tried = new Map<string, string>()
  return (input) => {
    const now = JSON.stringify(input)
    const record = tried.get(now) ?? name()
    tried.set(now, record)
    return { ...input, record }
  }
}

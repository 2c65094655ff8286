// Functions younger than Chromium 83 that the app or its libraries call. Nothing else belongs here.

function define(target: object, name: string, value: unknown): void {
  if (!(name in target)) Object.defineProperty(target, name, { value, writable: true, configurable: true })
}

function at<T>(this: ArrayLike<T>, index: number): T | undefined {
  const position = Math.trunc(index) || 0
  return this[position < 0 ? this.length + position : position]
}

define(Object, 'hasOwn', (target: object, key: PropertyKey) => Object.prototype.hasOwnProperty.call(target, key))
define(Array.prototype, 'at', at)
define(String.prototype, 'at', at)
define(String.prototype, 'replaceAll', function (this: string, from: string, to: string) {
  return this.split(from).join(to)
})
define(globalThis, 'structuredClone', (value: unknown) => JSON.parse(JSON.stringify(value)))
define(
  globalThis,
  'AggregateError',
  class extends Error {
    constructor(
      readonly errors: unknown[],
      message?: string,
    ) {
      super(message)
      this.name = 'AggregateError'
    }
  },
)
define(Promise, 'any', <T>(promises: Iterable<Promise<T>>) => {
  const all = Array.from(promises)
  const errors: unknown[] = []
  return new Promise<T>((resolve, reject) => {
    if (all.length === 0) reject(new AggregateError(errors))
    for (const promise of all) {
      promise.then(resolve, (error: unknown) => {
        errors.push(error)
        if (errors.length === all.length) reject(new AggregateError(errors))
      })
    }
  })
})
define(
  globalThis,
  'WeakRef',
  class<T> {
    constructor(private readonly target: T) {}
    deref(): T {
      return this.target
    }
  },
)
define(Element.prototype, 'replaceChildren', function (this: Element, ...nodes: (Node | string)[]) {
  this.textContent = ''
  this.append(...nodes)
})

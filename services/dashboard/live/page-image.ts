import { useEffect } from 'preact/hooks'
import { queryOf, send } from './api.ts'
import { useLoaded, type Loaded } from './loaded.ts'

/** The address of a page's picture. */
export const imageRoute = (route: string, page: number, width: number): string =>
  `${route}/pages/${page}/image${queryOf({ width })}`

/** The picture at an address of the API as a URL of this tab: the browser would send no token for it. */
export function usePageImage(path: string, version: string): Loaded<string> {
  const image = useLoaded(`${path} ${version}`, async (signal) => {
    const response = await send(path, { signal })
    return URL.createObjectURL(await response.blob())
  })
  const { value } = image
  useEffect(() => {
    if (value === undefined) return undefined
    return () => URL.revokeObjectURL(value)
  }, [value])
  return image
}

/** Has a picture rendered before it is asked for; whether that works is seen when it is. */
export function prefetchImage(path: string, signal: AbortSignal): void {
  send(path, { signal })
    .then((response) => response.blob())
    .catch(() => undefined)
}

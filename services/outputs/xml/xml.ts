import type { Element } from 'xast'
import { toXml } from 'xast-util-to-xml'
import { x } from 'xastscript'

type Attributes = Record<string, string | number | undefined>
type Content = Element | string

// XML 1.0 cannot express these, not even escaped; lone surrogates are among them.
const forbidden = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu

/** Removes characters from a text that XML cannot express. */
export const sayable = (text: string): string => text.replaceAll(forbidden, '')

/** An element. Omits attributes without a value, and characters that XML does not have. */
export function element(name: string, attributes: Attributes, content: Content[] = []): Element {
  const given = Object.entries(attributes).map(([key, value]) => [
    key,
    typeof value === 'string' ? sayable(value) : value,
  ])
  const children = content.map((child) => (typeof child === 'string' ? sayable(child) : child))
  return x(name, Object.fromEntries(given), children)
}

/** An element as text, without extra white space. */
export const serialise = (root: Element): string => toXml(root, { closeEmptyElements: true })

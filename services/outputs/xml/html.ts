import type { Element } from 'xast'
import type { PageResult } from '../../../shared/contract/result/page.ts'
import { partsOf, type Part } from '../structure/parts.ts'
import type { PageTable } from '../structure/tables.ts'
import type { OutputDocument } from '../format.ts'
import { isRightToLeft, languageTag } from './direction.ts'
import { element, serialise } from './xml.ts'

const style =
  'body{max-width:50em;margin:2em auto;padding:0 1em;font:1rem/1.5 sans-serif}section+section{border-top:1px solid #999}table{border-collapse:collapse}td,th{border:1px solid #999;padding:.2em .5em;text-align:start;vertical-align:top}ol{list-style:none}'

/** HTML 5 that is XML too: a section for each page, with its headings, paragraphs, lists and tables. */
export function* writeHtml({ path, recipe, pages }: OutputDocument): Generator<string> {
  const head = element('head', {}, [
    element('meta', { charset: 'utf-8' }),
    element('meta', { name: 'viewport', content: 'width=device-width' }),
    element('title', {}, [path]),
    element('style', {}, [style]),
  ])
  const language = languageTag(recipe.languages[0])
  yield (
    `<!DOCTYPE html>\n<html xmlns="http://www.w3.org/1999/xhtml"${language === undefined ? '' : ` lang="${language}"`}>\n` +
      `${serialise(head)}\n<body>\n`
  )
  for (const page of pages) yield `${serialise(toSection(page))}\n`
  yield '</body>\n</html>\n'
}

const toSection = (page: PageResult): Element =>
  element('section', { id: `page-${page.page}` }, [
    '\n',
    ...partsOf(page).flatMap((part) => [toElement(part), '\n']),
  ])

function toElement(part: Part): Element {
  switch (part.kind) {
    case 'heading':
      return textElement(`h${part.level}`, part.text)
    case 'paragraph':
      return textElement('p', part.text)
    case 'list':
      return element(
        part.isNumbered ? 'ol' : 'ul',
        {},
        part.items.map(({ mark, text }) =>
          textElement('li', part.isNumbered ? `${mark} ${text}` : text),
        ),
      )
    case 'table':
      return toTable(part.table)
  }
}

const textElement = (name: string, text: string): Element =>
  element(name, isRightToLeft(text) ? { dir: 'rtl' } : {}, [text])

/** `toXml` closes an empty element at once, which HTML takes for its start. */
const cell = (name: string, text: string): Element =>
  textElement(name, text === '' ? '\u00a0' : text)

const toTable = ({ rows, hasHeader }: PageTable): Element =>
  element(
    'table',
    {},
    rows.flatMap((cells, at) => [
      '\n',
      element(
        'tr',
        {},
        cells.map((text) => cell(hasHeader && at === 0 ? 'th' : 'td', text)),
      ),
    ]),
  )

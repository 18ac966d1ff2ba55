import type { Block, Line } from '../../../../shared/contract/result/layout.ts'
import { chanceOf } from '../chance.ts'
import { linesOf } from '../score.ts'

/** A line is read well where none of its words has a lower chance. */
const wellRead = 0.8

/** The lines that are not read well: a second engine reads them. */
export const unsureLines = (blocks: readonly Block[]): Line[] =>
  linesOf(blocks).filter(({ words }) => words.some((word) => (chanceOf(word) ?? 1) < wellRead))

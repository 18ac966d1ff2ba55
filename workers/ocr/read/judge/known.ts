import type { BBox, Block } from '../../../../shared/contract/result/layout.ts'
import { chanceOf } from '../chance.ts'
import { linesOf } from '../score.ts'

/** A line is read well where none of its words has a lower chance. */
const wellRead = 0.8

/** The boxes of the words in lines that are read well: a second engine need not read them. */
export const wellReadBoxes = (blocks: readonly Block[]): BBox[] =>
  linesOf(blocks)
    .filter(({ words }) => words.every((word) => (chanceOf(word) ?? 1) >= wellRead))
    .flatMap(({ words }) => words.map(({ bbox }) => bbox))

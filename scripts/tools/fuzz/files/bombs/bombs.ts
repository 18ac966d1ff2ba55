import type { Random } from '../../../common/random.ts'
import type { HostileFile } from '../hostile-file.ts'
import { makeAnimationBombs } from './animations.ts'
import { makeClaims } from './claims.ts'
import { makeMemoryBombs } from './memory.ts'
import { makePageTrees } from './page-trees.ts'
import { makeTiffBombs } from './tiff.ts'

/** Malicious files, one of each kind; the same seed gives the same files. */
export async function makeBombs(random: Random): Promise<HostileFile[]> {
  return [
    ...(await makeAnimationBombs(random.fork('animations'))),
    ...(await makeClaims(random.fork('claims'))),
    ...(await makeMemoryBombs(random.fork('memory'))),
    ...makePageTrees(random.fork('page trees')),
    ...makeTiffBombs(random.fork('tiff')),
  ]
}

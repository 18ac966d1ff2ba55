import type { Random } from '../../common/random.ts'
import { makeBombs } from './bombs/bombs.ts'
import type { HostileFile } from './hostile-file.ts'
import { mutate } from './mutations.ts'
import { makeSoundFiles } from './sound-files.ts'

/** Sound files among hostile ones must be read. */
const soundEvery = 20
const bombEvery = 10
/** Bombs are regenerated with other sizes. */
const bombsLast = 500

/** Generates `count` hostile files; the same seed gives the same files. */
export async function* generateFiles(random: Random, count: number): AsyncGenerator<HostileFile> {
  const sound = await makeSoundFiles()
  let bombs: HostileFile[] = []
  for (let index = 0; index < count; index += 1) {
    const own = random.fork(`file/${index}`)
    if (index % bombsLast === 0) bombs = await makeBombs(own.fork('bombs'))
    if (index % soundEvery === 0) yield own.pick(sound)
    else yield index % bombEvery === 0 ? own.pick(bombs) : mutate(own, sound)
  }
}

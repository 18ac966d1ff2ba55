import { changeFiles, deleteFiles, type Folder } from '../corpus/folder.ts'
import { chooseTarget, moment, type ChaosFault, type Scene } from './fault.ts'

const filesAtOnce = 10

/** Some consecutive files of a folder that is being read. */
function someFiles({ clients, dice }: Scene): { folder: Folder; paths: string[] } | undefined {
  const folder = chooseTarget(
    clients.runs.filter((run) => !run.isDone()),
    dice,
  )?.folder
  if (folder === undefined) return undefined
  const all = [...folder.expected.keys()]
  const start = Math.floor(dice * Math.max(all.length - filesAtOnce, 0))
  return { folder, paths: all.slice(start, start + filesAtOnce) }
}

/** Files that vanish or change while a run reads them. */
export const inputFaults: readonly ChaosFault[] = [
  {
    name: 'delete inputs',
    holds: 'inputs',
    lastsMs: moment,
    strike(scene) {
      const some = someFiles(scene)
      if (some === undefined) return undefined
      deleteFiles(some.folder, some.paths)
      return { target: `${some.paths.length} files of ${some.folder.name} from ${some.paths[0]}` }
    },
  },
  {
    name: 'change inputs',
    holds: 'inputs',
    lastsMs: moment,
    strike(scene) {
      const some = someFiles(scene)
      const sample = chooseTarget(scene.samples, scene.dice)
      if (some === undefined || sample === undefined) return undefined
      changeFiles(some.folder, some.paths, sample)
      return { target: `${some.paths.length} files of ${some.folder.name} from ${some.paths[0]}` }
    },
  },
]

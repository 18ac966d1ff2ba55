import type { Bench, Part } from '../run/setting.ts'
import type { Project } from './project.ts'

export interface ComposeSetting extends Bench {
  /** As .env.example has it, but for folders and port. Built. */
  project: Project
}
export type ComposePart = Part<ComposeSetting>

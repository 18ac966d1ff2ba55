import { type Abilities, readWanted } from '../../shared/redis/abilities.ts'
import type { EngineIdentities } from '../../shared/engine/engine-identity.ts'
import { toError } from '../../shared/process/errors.ts'
import type { Keys } from '../../shared/redis/keys.ts'
import { describeEngine, fingerprintOf, type Recipe } from '../../shared/contract/recipe.ts'
import type { RecipeStore } from '../../shared/redis/recipe-store.ts'
import type { Redis } from '../../shared/redis/connection/redis.ts'

interface Deps {
  redis: Redis
  keys: Keys
  identities: EngineIdentities
  findRecipe: RecipeStore['find']
}

/** Reports which recipes this worker can read: those that were planned for exactly its engine and language data. */
export function createAbilities({ redis, keys, identities, findRecipe }: Deps) {
  /** Returns the engine and language data that this worker has instead; null where it can read the recipe. */
  const cannotRead = async (recipe: Recipe, fingerprint: string): Promise<string | null> => {
    try {
      const engine = await identities(recipe)
      return fingerprintOf(recipe, engine) === fingerprint ? null : describeEngine(engine)
    } catch (thrown) {
      return toError(thrown).message // In most cases the language is not installed.
    }
  }
  return {
    cannotRead,
    /** Returns the answer for each recipe that is wanted now. */
    async tell(): Promise<Abilities> {
      const wanted = Object.entries(await readWanted(redis, keys))
      const told: Abilities['recipes'] = {}
      for (const [fingerprint, recipeId] of wanted) {
        const recipe = await findRecipe(recipeId)
        // A recipe that is missing at present gets no answer.
        if (recipe !== undefined) told[fingerprint] = await cannotRead(recipe, fingerprint)
      }
      return { recipes: told }
    },
  }
}

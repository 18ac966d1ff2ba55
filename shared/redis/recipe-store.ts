import { ttl, type Keys } from './keys.ts'
import { createParser } from '../contract/messages/parser.ts'
import { recipeIdOf, recipeSchema, type Recipe } from '../contract/recipe.ts'
import type { Redis } from './connection/redis.ts'
import { upgradeRecipe } from '../contract/schema/upgrades.ts'

const parseRecipe = createParser('a recipe', recipeSchema, upgradeRecipe)
/** Maximum number of recipes that a process caches; each takes 10 kB at most. */
const maxKnown = 1_000

/**
 * Redis stores a recipe once, and jobs carry its id: 500 pages of a document are 500 jobs. Every process that adds jobs
 * stores their recipe; the aggregator renews those of open runs, so that a recipe is missing only where Redis lost it,
 * or where a job has waited for a day without an aggregator.
 */
export function createRecipeStore(redis: Redis, keys: Keys) {
  const known = new Map<string, Recipe>()
  return {
    async keep(recipes: Iterable<Recipe>): Promise<void> {
      const byId = new Map([...new Set(recipes)].map((recipe) => [recipeIdOf(recipe), recipe]))
      await Promise.all(
        Array.from(byId, ([id, recipe]) =>
          redis.set(keys.recipe(id), JSON.stringify(recipe), 'EX', ttl.recipe),
        ),
      )
    },
    /** The recipe of a job; undefined where Redis lacks it at present. */
    find: async (id: string): Promise<Recipe | undefined> => {
      const found = known.get(id)
      if (found !== undefined) return found
      const text = await redis.get(keys.recipe(id))
      if (text === null) return undefined
      const recipe = parseRecipe(JSON.parse(text))
      const [oldest] = known.keys()
      if (known.size >= maxKnown && oldest !== undefined) known.delete(oldest)
      known.set(id, recipe)
      return recipe
    },
  }
}

export type RecipeStore = ReturnType<typeof createRecipeStore>

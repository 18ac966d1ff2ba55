import type { Upright } from './upright.ts'

/** The picture of a page, upright, in an SVG whose units are pixels of the page. */
export function UprightImage({
  page: { width, height },
  upright: { transform },
  image,
}: {
  /** The page as given: the picture has its orientation. */
  page: { width: number; height: number }
  upright: Upright
  image: string
}) {
  return <image {...{ width, height, transform }} href={image} preserveAspectRatio="none" />
}

/** Ids in the order in which they are asked for: `r1`, `r2`, … */
export function numbered(prefix: string): () => string {
  let last = 0
  return () => {
    last += 1
    return `${prefix}${last}`
  }
}

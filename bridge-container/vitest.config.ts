import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 5_000 } },
      {
        test: {
          name: 'sandbox',
          include: ['test/sandbox/**/*.test.ts'],
          globalSetup: 'test/sandbox/image.setup.ts',
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // Each test starts containers of its own; the machine decides how many at once is sane.
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'conformance',
          include: ['test/conformance/**/*.test.ts'],
          globalSetup: 'test/conformance/conformance.setup.ts',
          testTimeout: 60_000,
        },
      },
      {
        test: { name: 'variants', include: ['test/variants/**/*.test.ts'], fileParallelism: false },
      },
      {
        test: {
          name: 'measure',
          include: ['test/measure/**/*.test.ts'],
          globalSetup: 'test/sandbox/image.setup.ts',
        },
      },
    ],
  },
})

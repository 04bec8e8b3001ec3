import { expect, it } from 'vitest'
import { wantedLanguage } from './language'

it('takes the language chosen here before the browser’s, and English when there is neither', () => {
  expect(wantedLanguage('zh', ['en-GB'])).toBe('zh')
  expect(wantedLanguage(null, ['de', 'zh-Hans-CN', 'en'])).toBe('zh')
  expect(wantedLanguage('xx', ['fr'])).toBe('en')
})

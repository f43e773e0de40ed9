export { BROWSER, missingBrowser, type PageResult, runInPage } from './run-in-page.ts'

// Package e2e tests the status page in a real browser: what an operator sees, and
// what becomes of what they press. It has tests only.
//
//   - The browser is Chromium, found by its name; where there is none the tests are
//     skipped, and fail where CI is true.
//   - A test fails by anything that the page writes to the console, by a violation
//     of its content security policy, and by a request to another host.
//   - axe-core, the checker of accessibility, is fetched from npm into the user's
//     cache once, or is the file that AXE_CORE names.
//
// Screenshots are made by one command:
//
//	go test ./e2e -run TestScreenshots -screenshots DIR
package e2e

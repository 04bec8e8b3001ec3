//go:build !race

// Package race says whether the race detector is in a test. With it everything
// takes ten times as long, and what only one goroutine does has no races: the
// suites run such tests in full without it.
package race

// Enabled says that the race detector is in the program.
const Enabled = false

//go:build race

package race

// Enabled says that the race detector is in the program.
const Enabled = true

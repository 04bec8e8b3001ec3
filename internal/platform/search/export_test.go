package search

// Words counts what a question asks for.
func Words(q string) int { return len(terms(q)) }

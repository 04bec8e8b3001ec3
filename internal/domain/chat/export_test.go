package chat

// Catches is the filter alone.
func Catches(words ...string) func(string) bool { return newFilter(words).catches }

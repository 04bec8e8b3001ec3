package push

// For tests from outside: the published example of RFC 8291 has fixed keys.
var (
	Seal     = seal
	IsPublic = public
)

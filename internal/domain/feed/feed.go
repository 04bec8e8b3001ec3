// Package feed is Discover: the one restrained entrance to what others make. It
// decides which video is shown next, to whom and for which reason.
package feed

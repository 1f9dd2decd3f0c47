//go:build race

package oneshot

// underRace is set under the race detector, with which sync.Pool drops a part of
// what it is given.
const underRace = true
